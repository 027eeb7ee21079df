import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The tested part of a compose service. */
export interface ComposeService {
  image: string;
  build?: string;
  user?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  init?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
}

/** Reads `docker-compose.yml` with the defaults of its variables. */
export function readComposeFile(): { services: Record<string, ComposeService>; volumes: Record<string, unknown> } {
  const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
  return parse(text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'), { merge: true });
}
