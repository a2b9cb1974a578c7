import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod, AuthenticationType } from 'ssh2';
import { KbootError } from '../model/error.ts';
import { listAgent, type ListedAgent } from './agent.ts';
import type { Deadline } from './deadline.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { readIdentity, unlockIdentity } from './identity.ts';
import { askOnce } from './secret.ts';
import type { ConnectOptions } from './types.ts';

const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));

/** The credentials of one login, offered one after another. */
export interface Credentials {
  /** The next one to offer, false after the last. `accepted`: what the server still takes, once it said so. */
  next(accepted: readonly AuthenticationType[] | null): Promise<AnyAuthMethod | false>;
  /** E-AUTH with everything that was tried. */
  refused(detail?: string): KbootError;
}

/**
 * Order: the configured identity file (from the agent if that holds it), the agent's keys,
 * the default identity files if none is configured, the password. Where the endpoint names the only identities,
 * these and nothing else.
 * `next` throws E-AUTH for an identity file that is configured and cannot be used.
 */
export function credentials(endpoint: Endpoint, options: ConnectOptions, deadline: Deadline): Credentials {
  const state: State = { endpoint, options, deadline, accepted: null, tried: [] };
  const offers = offer(state);
  return {
    async next(accepted) {
      state.accepted = accepted;
      const { value, done } = await offers.next();
      return done === true ? false : value;
    },
    refused: (detail) => refused(state, detail),
  };
}

interface State {
  readonly endpoint: Endpoint;
  readonly options: ConnectOptions;
  readonly deadline: Deadline;
  accepted: readonly AuthenticationType[] | null;
  /** What was offered, and what could not be and why. */
  readonly tried: string[];
}

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
  yield* password(state);
  return undefined;
}

async function openAgent(state: State): Promise<ListedAgent | undefined> {
  if (state.options.agentSocket === undefined) return undefined;
  try {
    return await listAgent(state.options.agentSocket);
  } catch {
    state.tried.push('agent (does not answer)');
    return undefined;
  }
}

function* agentKeys(state: State, agent: ListedAgent | undefined): SyncOffers {
  if (agent === undefined) return undefined;
  const count = agent.keys.length;
  if (count > 0 && takes(state, 'publickey')) {
    yield { type: 'agent', username: state.endpoint.user, agent };
  }
  state.tried.push(`agent (${count} key${count === 1 ? '' : 's'})`);
  return undefined;
}

async function* configuredIdentity(state: State, path: string, agent: ListedAgent | undefined): Offers {
  const found = await identity(state, path, agent);
  if (found === undefined) {
    throw new KbootError('E-AUTH', `the identity file ${path} does not exist`, {
      host: state.endpoint.host,
      remedy: 'Correct ssh.identityFile in the inventory.',
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
    state.tried.push(`${path} (${error.message})`);
  }
  return undefined;
}

function* keyOffer(state: State, path: string, found: AnyAuthMethod | string): SyncOffers {
  if (typeof found === 'string') {
    state.tried.push(`${path} (${found})`);
  } else {
    if (takes(state, 'publickey')) yield found;
    state.tried.push(path);
  }
  return undefined;
}

/** A login with the key of `path`, or why there is none; undefined: no such file. */
async function identity(
  { endpoint, options, deadline }: State,
  path: string,
  agent: ListedAgent | undefined,
): Promise<AnyAuthMethod | string | undefined> {
  const known = await readIdentity(path);
  if (known === undefined) return undefined;
  const username = endpoint.user;
  if (known.key !== undefined) return { type: 'publickey', username, key: known.key };
  const held = known.publicKey && agent?.only(known.publicKey);
  if (held !== undefined) return { type: 'agent', username, agent: held };
  if (!known.encrypted) return 'only a public key, and no agent holds the private one';
  const key = await deadline.stoppedWhile(() => unlockIdentity(path, options.askSecret));
  return key === undefined
    ? 'encrypted, and there is no terminal to ask for its passphrase'
    : { type: 'publickey', username, key };
}

async function* password(state: State): Offers {
  const { endpoint, options } = state;
  if (state.accepted === null) yield { type: 'none', username: endpoint.user };
  const method = (['password', 'keyboard-interactive'] as const).find((m) => takes(state, m));
  if (method === undefined) return undefined;
  const secret =
    options.sshPassword ??
    (await state.deadline.stoppedWhile(() =>
      askOnce(options.askSecret, `SSH password of ${endpoint.user} (for every host that asks)`),
    ));
  if (secret === undefined) {
    state.tried.push('password (none given, and there is no terminal to ask for it)');
    return undefined;
  }
  yield method === 'password'
    ? { type: method, username: endpoint.user, password: secret }
    : {
        type: method,
        username: endpoint.user,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          finish(prompts.map((prompt) => (prompt.echo === true ? '' : secret)));
        },
      };
  state.tried.push('password');
  return undefined;
}

function takes(state: State, method: AuthenticationType): boolean {
  return state.accepted?.includes(method) ?? true;
}

function refused(state: State, detail?: string): KbootError {
  const { endpoint, tried, accepted } = state;
  const what = tried.length === 0 ? 'there was nothing to try' : `tried: ${tried.join('; ')}`;
  const takesOnly = accepted === null || accepted.length === 0 ? '' : `; it takes ${accepted.join(', ')}`;
  return new KbootError(
    'E-AUTH',
    `${describeEndpoint(endpoint)} lets user ${endpoint.user} in with none of the credentials (${what}${takesOnly})`,
    {
      host: endpoint.host,
      ...(detail !== undefined && { detail }),
      remedy:
        endpoint.onlyIdentities === undefined
          ? `Add your public key to ~${endpoint.user}/.ssh/authorized_keys on the host, ` +
            'or set ssh.user and ssh.identityFile in the inventory.'
          : `These are the keys that Vagrant names. See whether \`vagrant ssh ${endpoint.host}\` gets in.`,
    },
  );
}
