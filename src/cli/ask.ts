import { KbootError } from '../model/error.ts';

/** Questions to a person at a terminal. Each throws KbootError E-INTERRUPTED when the answer is Ctrl-C. */
export interface Ask {
  /** `check` gives what is wrong with an answer, which is then asked for again. */
  text(question: {
    readonly message: string;
    readonly initial?: string;
    readonly placeholder?: string;
    readonly check: (answer: string) => string | undefined;
  }): Promise<string>;
  choose<T extends string>(message: string, options: Readonly<Partial<Record<T, string>>>): Promise<T>;
  confirm(message: string, initial: boolean): Promise<boolean>;
}

/** Asks on stderr, so that stdout keeps results only. */
export async function terminalAsk(): Promise<Ask> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  const answered = <T>(answer: T | symbol): T => {
    if (prompts.isCancel(answer))
      throw new KbootError('E-INTERRUPTED', 'No answer was given; nothing was written.');
    return answer as T;
  };
  return {
    async text({ message, initial, placeholder, check }) {
      const answer = await prompts.text({
        message,
        output,
        ...(initial !== undefined && { initialValue: initial }),
        ...(placeholder !== undefined && { placeholder }),
        validate: (value) => check((value ?? '').trim()),
      });
      // An empty answer comes as undefined.
      return (answered<string | undefined>(answer) ?? '').trim();
    },
    async choose<T extends string>(message: string, options: Readonly<Partial<Record<T, string>>>) {
      const entries = Object.entries<string | undefined>(options).map(([value, label = value]) => ({
        value,
        label,
      }));
      return answered<string>(await prompts.select({ message, output, options: entries })) as T;
    },
    confirm: async (message, initial) =>
      answered<boolean>(await prompts.confirm({ message, output, initialValue: initial })),
  };
}
