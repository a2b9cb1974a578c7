import { isProblem, type Problem } from '../../inventory/address.ts';
import { given } from '../../inventory/build-value.ts';
import { parseEndpoint } from '../../inventory/endpoint.ts';
import { KbootError } from '../../model/error.ts';
import type { NewSsh } from '../../view/new-inventory.ts';

/** A bastion as it was named. */
export interface StatedBastion {
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
}

/** What was said of the way to the hosts; undefined is what was not. */
export interface StatedSsh {
  readonly user: string;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly bastion?: StatedBastion | undefined;
}

/** `--bastion`: `[USER@]HOST[:PORT]`. Throws KbootError E-USAGE. */
export function bastionOf(text: string): StatedBastion {
  const at = text.lastIndexOf('@');
  const end = parseEndpoint(text.slice(at + 1));
  if (at === 0 || isProblem(end)) throw unusable('--bastion', bastionProblem(text, end));
  return {
    address: end.host,
    ...given('user', at < 0 ? undefined : text.slice(0, at)),
    ...given('port', end.port),
  };
}

function bastionProblem(text: string, end: object | Problem): string {
  if (text.includes(','))
    return `must be one [USER@]HOST[:PORT], not "${text}"; kboot goes through one bastion`;
  return isProblem(end) ? end.problem.replace('HOST:PORT', '[USER@]HOST[:PORT]') : `"${text}" names no user`;
}

/** `--port`. Throws KbootError E-USAGE. */
export function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw unusable('--port', `must be a whole number from 1 to 65535, not "${text}"`);
  return port;
}

function unusable(flag: string, problem: string): KbootError {
  return new KbootError('E-USAGE', `${flag} ${problem}; nothing was written.`);
}

/** How the hosts are reached; a bastion lets in whom they do, with the same key, unless another user is stated. */
export function sshOf({ user, port, identityFile, bastion }: StatedSsh): NewSsh {
  const key = given('identityFile', identityFile);
  return {
    ...{ user, ...given('port', port), ...key },
    ...given('bastion', bastion && { user, ...bastion, ...key }),
  };
}
