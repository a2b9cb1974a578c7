import type { AskSecret } from './types.ts';

const answers = new WeakMap<AskSecret, Map<string, Promise<string | undefined>>>();
let lastQuestion: Promise<unknown> = Promise.resolve();

/**
 * Asks each question once per process, one at a time; every host uses the same answer.
 * Rejects as `ask` does; a rejection is not cached.
 */
export function askOnce(ask: AskSecret, question: string): Promise<string | undefined> {
  const known = answers.get(ask) ?? new Map<string, Promise<string | undefined>>();
  answers.set(ask, known);
  const earlier = known.get(question);
  if (earlier !== undefined) return earlier;
  const answer = lastQuestion.then(() => ask(question));
  lastQuestion = answer.catch(() => undefined);
  known.set(question, answer);
  answer.catch(() => known.delete(question));
  return answer;
}
