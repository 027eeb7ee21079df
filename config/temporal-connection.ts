import { readFileSync } from 'node:fs';
import { ConfigurationError } from './environment.ts';

/** The settings of a connection to Temporal. */
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
 * Returns the options that the SDK's `Connection` and `NativeConnection` have in common.
 *
 * @throws {ConfigurationError} if settings contradict each other, or a file cannot be read
 */
export function temporalConnection(settings: TemporalSettings) {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_TLS, TEMPORAL_API_KEY: apiKey, ...files } = settings;
  if (TEMPORAL_TLS === 'on') return { address, tls: tlsOf(files), ...(apiKey && { apiKey }) };
  const tlsSetting = apiKey ?? files.TEMPORAL_TLS_SERVER_CA_CERT_PATH ?? files.TEMPORAL_TLS_CLIENT_CERT_PATH;
  if (tlsSetting === undefined) return { address };
  throw new ConfigurationError(
    'TEMPORAL_API_KEY and certificates are for TEMPORAL_TLS=on: set it to on, or remove them.',
  );
}

/**
 * The limit of a response, in bytes. The SDK intends the same limit, but it misspells gRPC's option, so the option is set here.
 */
const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;

/**
 * Returns the options of a `Connection`. By default, gRPC may wait two minutes before it reconnects after an outage, and it
 * rejects responses of more than 4 MB, such as histories with large signals.
 *
 * @throws {ConfigurationError} see {@link temporalConnection}
 */
export const clientConnection = (settings: TemporalSettings) => ({
  ...temporalConnection(settings),
  channelArgs: {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.max_receive_message_length': MAX_RESPONSE_BYTES,
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
