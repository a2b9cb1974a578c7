import { KbootError } from '../model/error.ts';
import type { Text } from '../model/language/text.ts';
import { systemCode } from '../store/file-error.ts';
import { shown, untrusted } from './fetch-error.ts';
import { remedies } from './remedies.ts';
import type { Reply } from './web.ts';

/** Codes of TLS for a server that does not speak it. */
const withoutTls = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST))$/;

/** E-PUSH for a request without a response: what the client threw, with what to do about a registry. Other errors stay. */
export function pushError(error: unknown): unknown {
  if (!(error instanceof KbootError) || error.code !== 'E-FETCH') return error;
  const { cause } = error.context;
  const code = systemCode(cause) ?? '';
  const remedy = untrusted.has(code)
    ? remedies.trustRegistry
    : withoutTls.test(code)
      ? remedies.plainHttp
      : code === 'ECONNRESET' || code === 'EPIPE'
        ? remedies.pushAgain
        : remedies.reachRegistry;
  return new KbootError('E-PUSH', withoutTls.test(code) ? noTls(error.message) : error.message, {
    cause,
    remedy,
  });
}

/** `https://registry.example:5000/v2/: does not speak TLS`, without what OpenSSL says. */
function noTls(message: string): string {
  return `${/^\S+(?=: )/.exec(message)?.[0] ?? message}: the server does not speak TLS`;
}

/** What a request was for. */
export interface Pushing {
  readonly url: URL;
  /** Path of the image in the registry. */
  readonly repository: string;
  /** Absent: nobody is logged in. */
  readonly username: string | undefined;
}

/** E-PUSH for a response that the registry should not give. */
export function refusedPush({ url, repository, username }: Pushing, { status, text }: Reply): KbootError {
  const reason = reasonIn(text);
  const fails = (what: string, remedy: Text): KbootError =>
    new KbootError(
      'E-PUSH',
      `${shown(url)}: ${what} (HTTP status ${status}${reason === '' ? '' : `, ${reason}`})`,
      {
        remedy,
      },
    );
  if (status === 401)
    return username === undefined
      ? fails('the registry wants a login', remedies.logIn)
      : fails(`the registry refused the login of ${username}`, remedies.otherLogin);
  if (status === 403)
    return username === undefined
      ? fails(`nobody may push to ${repository} without a login`, remedies.logIn)
      : fails(`${username} may not push to ${repository}`, remedies.mayNotPush);
  if (status === 507 || /no space left|disk quota|quota exceeded/i.test(text))
    return fails('the registry has no space left', remedies.freeRegistry);
  if (status === 404)
    return fails(`the registry has no ${repository}`, remedies.createRepository({ repository }));
  if (status === 405) return fails('the registry takes no images', remedies.readOnly);
  if (status === 413) return fails('the registry refused a request of this size', remedies.tooLarge);
  return fails('the registry refused the request', remedies.pushAgain);
}

/** E-PUSH for an address that is no registry. */
export function noRegistry(url: URL, status: number): KbootError {
  return new KbootError('E-PUSH', `${shown(url)}: this is not a registry (HTTP status ${status})`, {
    remedy: remedies.noRegistry,
  });
}

/** `DENIED: requested access to the resource is denied`, as registries state errors; empty: it states none. */
function reasonIn(text: string): string {
  let errors: unknown;
  try {
    ({ errors } = JSON.parse(text) as { readonly errors?: unknown });
  } catch {
    return '';
  }
  const [first] = (Array.isArray(errors) ? errors : []) as readonly unknown[];
  const { code, message, detail } = (first ?? {}) as Readonly<Record<string, unknown>>;
  const words = [code, message, typeof detail === 'string' ? detail : undefined];
  return words
    .filter((word) => typeof word === 'string' && word !== '')
    .join(': ')
    .slice(0, 300);
}
