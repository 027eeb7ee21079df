import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What package-lock.json says of a package, as far as it matters here. */
export interface LockedPackage {
  name: string;
  version: string;
  /** The checksum that npm holds the download against. */
  integrity?: string;
  /** An SPDX expression. */
  license?: string;
  hasInstallScript?: boolean;
  /** Left out where it does not fit the platform. */
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

/** Every package that is installed with Crema, on any platform: what package-lock.json in the present folder says. */
export function lockedPackages(): LockedPackage[] {
  const { packages } = readJson('package-lock.json') as {
    packages: Record<string, Omit<LockedPackage, 'name'> & { name?: string }>;
  };
  const own = Object.entries(packages).filter(([path]) => path !== '');
  return own.map(([path, entry]) => {
    const folder = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const license = entry.license ?? licenseInstalled(path);
    return { ...entry, name: entry.name ?? folder, ...(license && { license }) };
  });
}

/** Of packages that name their licence in the old way, the lock file has nothing. */
function licenseInstalled(path: string): string | undefined {
  const file = join(path, 'package.json');
  if (!existsSync(file)) return undefined;
  const { license, licenses } = readJson(file) as {
    license?: string | { type: string };
    licenses?: { type: string }[];
  };
  return typeof license === 'string' ? license : (license ?? licenses?.[0])?.type;
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
