import { line } from '../view/printable.ts';
import { KbootError } from '../model/error.ts';

/** Prompts at a terminal. Each throws KbootError E-INTERRUPTED on Ctrl-C. */
export interface Ask {
  /** `check` returns what is wrong with an answer; the prompt is then repeated. */
  text(question: {
    readonly message: string;
    readonly initial?: string;
    readonly placeholder?: string;
    readonly check: (answer: string) => string | undefined;
  }): Promise<string>;
  choose<T extends string>(message: string, options: Readonly<Partial<Record<T, string>>>): Promise<T>;
  confirm(message: string, initial: boolean): Promise<boolean>;
}

/** Prompts on stderr, so that stdout has only results. */
export async function terminalAsk(): Promise<Ask> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  const answered = <T>(answer: T | symbol): T => {
    if (prompts.isCancel(answer))
      throw new KbootError('E-INTERRUPTED', 'The prompt was cancelled; nothing was written.');
    return answer as T;
  };
  return {
    async text({ message, initial, placeholder, check }) {
      const answer = await prompts.text({
        message: line`${message}`,
        output,
        ...(initial !== undefined && { initialValue: initial }),
        ...(placeholder !== undefined && { placeholder }),
        validate: (value) => {
          const problem = check((value ?? '').trim());
          return problem === undefined ? undefined : line`${problem}`;
        },
      });
      // clack returns undefined for an empty answer.
      return (answered<string | undefined>(answer) ?? '').trim();
    },
    async choose<T extends string>(message: string, options: Readonly<Partial<Record<T, string>>>) {
      const entries = Object.entries<string | undefined>(options).map(([value, label = value]) => ({
        value,
        label,
      }));
      return answered<string>(
        await prompts.select({ message: line`${message}`, output, options: entries }),
      ) as T;
    },
    confirm: async (message, initial) =>
      answered<boolean>(await prompts.confirm({ message: line`${message}`, output, initialValue: initial })),
  };
}
