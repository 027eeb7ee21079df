import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package in package-lock.json. */
export interface LockedPackage {
  name: string;
  version: string;
  /** The checksum of the download. */
  integrity?: string;
  /** An SPDX expression. */
  license?: string;
  hasInstallScript?: boolean;
  /** Whether npm omits the package on platforms that the package does not support. */
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

/** Returns Crema's packages for all platforms, from package-lock.json in the current folder. */
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

/** Returns an installed package's licence from package.json, whose old format the lock file does not support. */
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
