import { isProblem, type Problem } from '../../inventory/address.ts';
import { given } from '../../inventory/build-value.ts';
import { parseEndpoint } from '../../inventory/endpoint.ts';
import { KbootError } from '../../model/error.ts';
import type { NewSsh } from '../../view/new-inventory.ts';

/** A bastion as given by the user. */
export interface StatedBastion {
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
}

/** How to reach the hosts, as given by the user; undefined: not given. */
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
  if (text.includes(',')) return `must be one [USER@]HOST[:PORT], not "${text}"; kboot supports one bastion`;
  return isProblem(end)
    ? end.problem.replace('HOST:PORT', '[USER@]HOST[:PORT]')
    : `"${text}" has an empty user name`;
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

/** How to reach the hosts; a bastion uses the same key, and the same user unless another is given. */
export function sshOf({ user, port, identityFile, bastion }: StatedSsh): NewSsh {
  const key = given('identityFile', identityFile);
  return {
    ...{ user, ...given('port', port), ...key },
    ...given('bastion', bastion && { user, ...bastion, ...key }),
  };
}
