import { readFileSync } from 'node:fs';
import { ConfigurationError } from './environment.ts';

/** The settings that say where Temporal is and how to speak to it. */
export interface TemporalSettings {
  TEMPORAL_ADDRESS: string;
  TEMPORAL_TLS: 'on' | 'off';
  TEMPORAL_TLS_SERVER_CA_CERT_PATH?: string | undefined;
  TEMPORAL_TLS_CLIENT_CERT_PATH?: string | undefined;
  TEMPORAL_TLS_CLIENT_KEY_PATH?: string | undefined;
  TEMPORAL_TLS_SERVER_NAME?: string | undefined;
  TEMPORAL_API_KEY?: string | undefined;
}

/**
 * Where Temporal is and how to speak to it, for the SDK's `Connection` and `NativeConnection` alike.
 *
 * @throws {ConfigurationError} when settings contradict each other, or a file that they name cannot be read
 */
export function temporalConnection(settings: TemporalSettings) {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_TLS, TEMPORAL_API_KEY: apiKey, ...files } = settings;
  if (TEMPORAL_TLS === 'on') return { address, tls: tlsOf(files), ...(apiKey && { apiKey }) };
  const meantForTls = apiKey ?? files.TEMPORAL_TLS_SERVER_CA_CERT_PATH ?? files.TEMPORAL_TLS_CLIENT_CERT_PATH;
  if (meantForTls === undefined) return { address };
  throw new ConfigurationError(
    'TEMPORAL_API_KEY and certificates are for TEMPORAL_TLS=on: nothing secret goes in the clear.',
  );
}

/** How much one answer of Temporal may weigh, in bytes: what the SDK means to allow, but it names gRPC's option without its prefix. */
const LARGEST_ANSWER = 128 * 1024 * 1024;

/**
 * The options of a `Connection`, with what gRPC would otherwise have its own mind about: after an outage it would stay away for
 * up to two minutes more, and it would refuse the part of a history that brings more than 4 MB of signals.
 *
 * @throws {ConfigurationError} see {@link temporalConnection}
 */
export const clientConnection = (settings: TemporalSettings) => ({
  ...temporalConnection(settings),
  channelArgs: {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.max_receive_message_length': LARGEST_ANSWER,
  },
});

type Files = Omit<TemporalSettings, 'TEMPORAL_ADDRESS' | 'TEMPORAL_TLS' | 'TEMPORAL_API_KEY'>;

function tlsOf(settings: Files) {
  const ca = read(settings, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH');
  const crt = read(settings, 'TEMPORAL_TLS_CLIENT_CERT_PATH');
  const key = read(settings, 'TEMPORAL_TLS_CLIENT_KEY_PATH');
  const name = settings.TEMPORAL_TLS_SERVER_NAME;
  if (Boolean(crt) !== Boolean(key)) {
    throw new ConfigurationError(
      'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH go together: set both or neither.',
    );
  }
  return {
    ...(ca && { serverRootCACertificate: ca }),
    ...(crt && key && { clientCertPair: { crt, key } }),
    ...(name && { serverNameOverride: name }),
  };
}

function read(settings: Files, name: Exclude<keyof Files, 'TEMPORAL_TLS_SERVER_NAME'>) {
  const path = settings[name];
  try {
    return path && readFileSync(path);
  } catch (cause) {
    throw new ConfigurationError(`${name}: ${(cause as Error).message}.`, { cause });
  }
}
