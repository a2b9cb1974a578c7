import ssh2, {
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';

const { BaseAgent, createAgent } = ssh2;

/** An agent whose keys have been listed; can be narrowed to one key. */
export class ListedAgent extends BaseAgent<ParsedKey> {
  readonly keys: readonly ParsedKey[];
  readonly #agent: InstanceType<typeof BaseAgent<ParsedKey>>;

  constructor(agent: InstanceType<typeof BaseAgent<ParsedKey>>, keys: readonly ParsedKey[]) {
    super();
    this.#agent = agent;
    this.keys = keys;
  }

  getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(null, [...this.keys]);
  }

  sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, done);
  }

  /** The agent with only this public key; undefined if it does not hold that key. */
  only(publicKey: Buffer): ListedAgent | undefined {
    const keys = this.keys.filter((key) => key.getPublicSSH().equals(publicKey));
    return keys.length === 0 ? undefined : new ListedAgent(this.#agent, keys);
  }
}

/** Asks the agent behind `socket` for its keys; rejects if it cannot be reached. */
export function listAgent(socket: string): Promise<ListedAgent> {
  const agent = createAgent(socket) as InstanceType<typeof BaseAgent<ParsedKey>>;
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve(new ListedAgent(agent, (keys ?? []) as ParsedKey[]));
    });
  });
}
