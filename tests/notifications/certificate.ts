import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A key with a self-signed certificate. */
export interface Signer {
  key: KeyObject;
  pem: string;
}

const SEQUENCE = 0x30;
const SHA256_WITH_RSA = der(SEQUENCE, Buffer.from('06092a864886f70d01010b0500', 'hex'));

/** Creates a certificate by hand, because Node can only read certificates. @param until the time at which it expires */
export function newSigner(until: Date): Signer {
  const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('sns')))));
  const validity = der(SEQUENCE, time(new Date('2020-01-01')), time(until));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.from([1]));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = der(SEQUENCE, version, serial, SHA256_WITH_RSA, name, validity, name, spki);
  const signature = der(0x03, Buffer.from([0]), createSign('RSA-SHA256').update(body).sign(key));
  const whole = der(SEQUENCE, body, SHA256_WITH_RSA, signature).toString('base64');
  return { key, pem: `-----BEGIN CERTIFICATE-----\n${whole.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n` };
}

const time = (at: Date): Buffer => der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

/** Encodes a value with its tag and length (DER, ITU-T X.690). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}
