import type { Login, Web } from './web.ts';

/** A token has a few KB. */
const mostBytes = 1 << 20;

/** A user of a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Anonymous login, as public registries require it: a token for pulling one repository. */
export function anonymous(web: Web, repository: string): Login {
  return registryLogin(web, repository, 'pull');
}

/**
 * Login for one repository of a registry. To a challenge for a token, one from the server in it
 * (https://distribution.github.io/distribution/spec/auth/token/), which gets the credentials if there are any; to one for
 * basic authentication, the credentials. Without an answer, the status 401 stays.
 */
export function registryLogin(
  web: Web,
  repository: string,
  actions: 'pull' | 'pull,push',
  credentials?: Credentials,
): Login {
  const headers = new Map<string, string>();
  const basic = credentials && basicHeader(credentials);
  return {
    header: (origin) => headers.get(origin),
    async answer(origin, challenge) {
      if (/^basic\b/i.test(challenge)) {
        if (basic === undefined || headers.get(origin) === basic) return false;
        headers.set(origin, basic);
        return true;
      }
      const url = tokenUrl(challenge, `repository:${repository}:${actions}`);
      if (url === undefined) return false;
      // As for redirects: no step down from HTTPS, after which anybody could answer.
      if (url.protocol !== 'https:' && !origin.startsWith('http:')) return false;
      const token = actions === 'pull' ? await publicToken(web, url) : await tokenFrom(web, url, basic ?? '');
      if (token === undefined) return false;
      headers.set(origin, `Bearer ${token}`);
      return true;
    },
  };
}

/** A token; undefined if the server of tokens gives none. */
async function tokenFrom(web: Web, url: URL, basic: string): Promise<string | undefined> {
  const { status, text } = await web.send(url, {
    method: 'GET',
    ...(basic !== '' && { headers: { authorization: basic } }),
  });
  return status === 200 ? tokenIn(text) : undefined;
}

async function publicToken(web: Web, url: URL): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (await web.get(url)).body) {
    size += chunk.length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return tokenIn(Buffer.concat(chunks).toString('utf8'));
}

function tokenIn(text: string): string | undefined {
  const { token, access_token: other } = parsed(text);
  const given = token ?? other;
  return typeof given === 'string' && /^[\x20-\x7e]+$/.test(given) ? given : undefined;
}

function basicHeader({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"` */
function tokenUrl(challenge: string, scope: string): URL | undefined {
  const said = new Map(
    [...challenge.matchAll(/(?<!\w)(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const realm = said.get('realm');
  if (!/^bearer /i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  const service = said.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', said.get('scope') ?? scope);
  return url;
}

function parsed(text: string): { readonly token?: unknown; readonly access_token?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
