import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { systemCode, unreadable } from './file-error.ts';
import { remedies } from './remedies.ts';

/** A user and password that `docker login` or `podman login` stored. */
export interface StoredLogin {
  readonly username: string;
  readonly password: string;
}

/** The files of logins: podman's, then Docker's; the first that has the registry counts (containers-auth.json(5)). */
function loginFiles(): readonly string[] {
  const own = process.env['REGISTRY_AUTH_FILE'] ?? '';
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '';
  const docker = process.env['DOCKER_CONFIG'] ?? '';
  return [
    ...(own === '' ? [] : [own]),
    ...(runtime === '' ? [] : [join(runtime, 'containers', 'auth.json')]),
    join(docker === '' ? join(homedir(), '.docker') : docker, 'config.json'),
  ];
}

/**
 * The stored login for a registry, HOST[:PORT][/PATH]: the one for the longest part of the path. Undefined if there is none.
 * Throws KbootError E-USAGE if a file cannot be read, or leaves the login to a program or a token that kboot does not use.
 */
export function storedLogin(registry: string): StoredLogin | undefined {
  for (const file of loginFiles()) {
    const found = loginIn(file, registry);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface AuthFile {
  readonly auths?: Readonly<Record<string, { readonly auth?: unknown; readonly identitytoken?: unknown }>>;
  readonly credsStore?: unknown;
  readonly credHelpers?: Readonly<Record<string, unknown>>;
}

function loginIn(file: string, registry: string): StoredLogin | undefined {
  const config = read(file);
  if (config === undefined) return undefined;
  const [host = ''] = registry.split('/');
  const helper = config.credHelpers?.[host];
  if (typeof helper === 'string') throw elsewhere(file, host, `docker-credential-${helper}`);
  for (const name of namesOf(registry)) {
    const entry = config.auths?.[name];
    if (entry === undefined) continue;
    if (typeof entry.identitytoken === 'string') throw elsewhere(file, host, 'an identity token');
    const [, username, password] = /^([^:]+):(.*)$/s.exec(decoded(entry.auth)) ?? [];
    if (username !== undefined && password !== undefined) return { username, password };
    if (typeof config.credsStore === 'string')
      throw elsewhere(file, host, `docker-credential-${config.credsStore}`);
  }
  return undefined;
}

/** `host/a/b`, `host/a`, `host`, and the URLs that Docker writes for a host. */
function namesOf(registry: string): readonly string[] {
  const parts = registry.split('/');
  const [host = ''] = parts;
  return [
    ...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')),
    ...[`https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`],
  ];
}

function read(file: string): AuthFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return undefined;
    throw new KbootError('E-USAGE', `${file}, which may have the login, ${unreadable(cause)}`, {
      remedy: remedies.nameUser,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // As for any other text.
  }
  throw new KbootError('E-USAGE', `${file}, which may have the login, is not JSON`, {
    remedy: remedies.nameUser,
  });
}

const decoded = (auth: unknown): string =>
  typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';

function elsewhere(file: string, host: string, where: string): KbootError {
  return new KbootError(
    'E-USAGE',
    `${file} has the login for ${host} as ${where}, which kboot does not use`,
    {
      remedy: remedies.nameUser,
    },
  );
}
