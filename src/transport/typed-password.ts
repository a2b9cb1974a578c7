import { askInTurn } from './secret.ts';
import type { AskSecret } from './types.ts';

/** A password that was typed or stated, and how to tell what became of it; calls after the first do nothing. */
export interface Offer {
  readonly secret: string;
  accepted(): void;
  refused(): void;
  /** Neither: the connection was lost, for example. */
  untold(): void;
}

/** Who refused the password: nobody else is offered it. */
export interface Withheld {
  readonly refusedBy: string;
}

type State = 'untried' | 'accepted' | Withheld;

/**
 * A password for all hosts, typed once or stated in the environment. It is asked for by the first that needs it, and offered
 * to that one alone; to the others once it was accepted, so that a wrong password locks no accounts.
 */
class TypedPassword {
  #state: State = 'untried';
  #answer: string | undefined;
  #trial: Promise<void> | undefined;

  constructor(stated?: string) {
    this.#answer = stated;
  }

  async take(ask: AskSecret, question: string, who: string): Promise<Offer | Withheld | undefined> {
    while (this.#trial !== undefined) await this.#trial;
    if (typeof this.#state === 'object') return this.#state;
    if (this.#state === 'accepted') return this.#offer(who, () => undefined);
    let end: () => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    this.#trial = new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    // Those who wait get the rejection; there may be none.
    this.#trial.catch(() => undefined);
    const over = (): void => {
      this.#trial = undefined;
      end();
    };
    try {
      this.#answer ??= await askInTurn(ask, question);
    } catch (error) {
      this.#trial = undefined;
      fail(error);
      throw error;
    }
    if (this.#answer === undefined) {
      over();
      return undefined;
    }
    return this.#offer(who, over);
  }

  #offer(who: string, over: () => void): Offer {
    let told = false;
    const tell = (state?: State) => (): void => {
      if (told) return;
      told = true;
      if (state !== undefined) this.#state = state;
      over();
    };
    return {
      secret: this.#answer ?? '',
      accepted: tell('accepted'),
      refused: tell({ refusedBy: who }),
      untold: tell(),
    };
  }
}

const typed = new WeakMap<AskSecret, Map<string, TypedPassword>>();

/**
 * The password `name` (`sudo ops`), asked for with `question` if it was not typed yet. undefined: there is no terminal.
 * Waits while somebody else tries it. Rejects as `ask` does.
 */
export async function typedPassword(
  ask: AskSecret,
  name: string,
  question: string,
  who: string,
): Promise<Offer | Withheld | undefined> {
  return await passwordOf(ask, name).take(ask, question, who);
}

/**
 * The password that the environment states in `variable` for `user`. Waits while somebody else tries it, without which a
 * wrong one would reach every host at once.
 */
export async function statedPassword(
  ask: AskSecret,
  variable: string,
  stated: string,
  user: string,
  who: string,
): Promise<Offer | Withheld> {
  const offer = await passwordOf(ask, `${variable} ${user} ${stated}`, stated).take(ask, '', who);
  if (offer === undefined) throw new Error('a stated password is not asked for');
  return offer;
}

function passwordOf(ask: AskSecret, name: string, stated?: string): TypedPassword {
  const known = typed.get(ask) ?? new Map<string, TypedPassword>();
  typed.set(ask, known);
  const password = known.get(name) ?? new TypedPassword(stated);
  known.set(name, password);
  return password;
}
