import { plural } from '../model/plural.ts';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod, AuthenticationType } from 'ssh2';
import { KbootError } from '../model/error.ts';
import { listAgent, type ListedAgent } from './agent.ts';
import type { Deadline } from './deadline.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { readIdentity, unlockIdentity } from './identity.ts';
import { passwordMethods, takes, type LoginState, type Unused } from './password-login.ts';
import type { ConnectOptions } from './types.ts';
import { remedies } from './remedies.ts';
import { lines, type Text } from '../model/language/text.ts';

const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));

/** The credentials of one login, offered one after another. */
export interface Credentials {
  /**
   * The next credential to offer; false after the last. `accepted`: the methods the server still allows, if known.
   * `partial`: it accepted the last one, and wants another.
   */
  next(accepted: readonly AuthenticationType[] | null, partial: boolean): Promise<AnyAuthMethod | false>;
  /** The login has ended. */
  ended(how: 'accepted' | 'untold'): void;
  /** E-AUTH that lists everything that was tried. */
  refused(detail?: string): KbootError;
}

/**
 * Order: the configured identity file (through the agent if it holds that key), the agent's keys,
 * the default identity files if none is configured, the password. If the endpoint sets `onlyIdentities`,
 * only those are offered.
 * `next` throws E-AUTH for a configured identity file that cannot be used.
 */
export function credentials(endpoint: Endpoint, options: ConnectOptions, deadline: Deadline): Credentials {
  const state: State = {
    ...{ endpoint, options, deadline, accepted: null, partial: false },
    ...{ tried: [], unused: [], typed: undefined },
  };
  const offers = offer(state);
  return {
    async next(accepted, partial) {
      state.accepted = accepted;
      state.partial = partial;
      if (partial) state.typed?.accepted();
      else state.typed?.refused();
      const { value, done } = await offers.next();
      return done === true ? false : value;
    },
    ended(how) {
      state.typed?.[how]();
    },
    refused: (detail) => refused(state, detail),
  };
}

type State = LoginState;

type Offers = AsyncGenerator<AnyAuthMethod, undefined>;
type SyncOffers = Generator<AnyAuthMethod, undefined>;

async function* offer(state: State): Offers {
  const { endpoint } = state;
  const agent = await openAgent(state);
  if (endpoint.onlyIdentities !== undefined) {
    for (const path of endpoint.onlyIdentities) yield* configuredIdentity(state, path, agent);
    return undefined;
  }
  if (endpoint.identityFile === undefined) {
    yield* agentKeys(state, agent);
    for (const path of defaultIdentities) yield* defaultIdentity(state, path, agent);
  } else {
    yield* configuredIdentity(state, endpoint.identityFile, agent);
    yield* agentKeys(state, agent);
  }
  yield* passwordMethods(state);
  return undefined;
}

async function openAgent(state: State): Promise<ListedAgent | undefined> {
  if (state.options.agentSocket === undefined) return undefined;
  try {
    return await listAgent(state.options.agentSocket);
  } catch {
    state.unused.push({ what: `the agent at ${state.options.agentSocket}`, why: 'it does not respond' });
    return undefined;
  }
}

function* agentKeys(state: State, agent: ListedAgent | undefined): SyncOffers {
  if (agent === undefined) return undefined;
  const count = agent.keys.length;
  if (count > 0 && takes(state, 'publickey')) {
    yield { type: 'agent', username: state.endpoint.user, agent };
  }
  if (count > 0) state.tried.push(`${plural(count, 'key')} from the agent`);
  else state.unused.push({ what: 'the agent', why: 'it holds no keys' });
  return undefined;
}

async function* configuredIdentity(state: State, path: string, agent: ListedAgent | undefined): Offers {
  const found = await identity(state, path, agent);
  if (found === undefined) {
    throw new KbootError('E-AUTH', `the identity file ${path} does not exist`, {
      host: state.endpoint.host,
      remedy: remedies.correctIdentityFile,
    });
  }
  yield* keyOffer(state, path, found);
  return undefined;
}

async function* defaultIdentity(state: State, path: string, agent: ListedAgent | undefined): Offers {
  try {
    const known = await readIdentity(path);
    const held = known?.publicKey !== undefined && agent?.only(known.publicKey) !== undefined;
    const found = held ? undefined : await identity(state, path, agent);
    if (found !== undefined) yield* keyOffer(state, path, found);
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    state.unused.push({ what: path, why: error.message });
  }
  return undefined;
}

function* keyOffer(state: State, path: string, found: AnyAuthMethod | Unused): SyncOffers {
  if ('why' in found) {
    state.unused.push(found);
  } else {
    if (takes(state, 'publickey')) yield found;
    state.tried.push(path);
  }
  return undefined;
}

/** A login with the key in `path`, or why it cannot be used; undefined: no such file. */
async function identity(
  { endpoint, options, deadline }: State,
  path: string,
  agent: ListedAgent | undefined,
): Promise<AnyAuthMethod | Unused | undefined> {
  const known = await readIdentity(path);
  if (known === undefined) return undefined;
  const username = endpoint.user;
  if (known.key !== undefined) return { type: 'publickey', username, key: known.key };
  const held = known.publicKey && agent?.only(known.publicKey);
  if (held !== undefined) return { type: 'agent', username, agent: held };
  if (!known.encrypted)
    return {
      what: path,
      why: 'this is a public key, and no agent holds the private key',
      remedy: path.endsWith('.pub')
        ? remedies.nameThePrivateKey({ path: path.slice(0, -'.pub'.length) })
        : remedies.nameAPrivateKey,
    };
  const key = await deadline.stoppedWhile(() => unlockIdentity(path, options.askSecret));
  return key === undefined
    ? {
        what: path,
        why: 'it has a passphrase, and there is no terminal to prompt on',
        remedy: remedies.addToAgent({ path }),
      }
    : { type: 'publickey', username, key };
}

function refused(state: State, detail?: string): KbootError {
  const { endpoint, tried, unused, accepted } = state;
  const told = [
    ...tried.map((what) => `refused: ${what}`),
    ...unused.map(({ what, why }) => `not tried: ${what}: ${why}`),
    ...(accepted === null || accepted.length === 0 ? [] : [`the host accepts: ${accepted.join(', ')}`]),
    ...(detail === undefined ? [] : [detail]),
  ];
  return new KbootError('E-AUTH', `${describeEndpoint(endpoint)} refused user ${endpoint.user}`, {
    host: endpoint.host,
    detail: told.join('\n'),
    remedy: remedyOf(state),
  });
}

/** The remedy for a key that could not be tried; if there is none, the remedy for a refused key. */
function remedyOf({ endpoint, tried, unused }: State): Text {
  if (endpoint.onlyIdentities !== undefined) return remedies.vagrantsKeys({ host: endpoint.host });
  const inReach = unused.flatMap(({ remedy }) => remedy ?? []);
  if (inReach.length > 0) return lines(...inReach);
  return tried.length === 0
    ? remedies.noKey
    : tried.includes('password')
      ? remedies.addPublicKeyOrPassword({ user: endpoint.user })
      : remedies.addPublicKey({ user: endpoint.user });
}
