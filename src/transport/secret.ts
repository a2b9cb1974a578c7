import type { AskSecret } from './types.ts';

const answers = new WeakMap<AskSecret, Map<string, Promise<string | undefined>>>();
let lastQuestion: Promise<unknown> = Promise.resolve();

/** Asks one question at a time. Rejects as `ask` does. */
export function askInTurn(ask: AskSecret, question: string): Promise<string | undefined> {
  const answer = lastQuestion.then(() => ask(question));
  lastQuestion = answer.catch(() => undefined);
  return answer;
}

/** Asks each question once per process; everybody gets the same answer. A rejection is not cached. */
export function askOnce(ask: AskSecret, question: string): Promise<string | undefined> {
  const known = answers.get(ask) ?? new Map<string, Promise<string | undefined>>();
  answers.set(ask, known);
  const earlier = known.get(question);
  if (earlier !== undefined) return earlier;
  const answer = askInTurn(ask, question);
  known.set(question, answer);
  answer.catch(() => known.delete(question));
  return answer;
}
