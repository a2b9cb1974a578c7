const shorthands = [
  ...['minutely', 'hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'semiannually', 'yearly', 'annually'],
];
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/**
 * The problem with a calendar event of systemd.time(7), as a phrase that follows the field's name: its words, its form, and
 * the range of its numbers. Whether it ever comes (Feb 30) is not looked at.
 */
export function calendarEvent(value: string): string | undefined {
  const problem = problemOf(value);
  return problem === undefined
    ? undefined
    : `must be a calendar event of systemd such as "daily", "*-*-* 03:00" or "Mon..Fri *:0/30", not "${value}": ${problem}`;
}

function problemOf(value: string): string | undefined {
  const words = value.split(' ');
  if (words.some((word) => word === '')) return 'it has a space too many, or is empty';
  if (words.length > 1 && isZone(words.at(-1) ?? '')) words.pop();
  const [first = ''] = words;
  if (words.length === 1 && shorthands.includes(first.toLowerCase())) return undefined;
  if (/^[A-Za-z]/.test(first)) {
    const wrong = first
      .split(',')
      .flatMap((part) => part.split('..'))
      .find((day) => !isDay(day));
    if (wrong !== undefined) return `"${wrong}" is neither a weekday nor a word of systemd`;
    words.shift();
  }
  if (words[0]?.includes('-') === true) {
    const problem = dateProblem(words.shift() ?? '');
    if (problem !== undefined) return problem;
  }
  if (words[0]?.includes(':') === true) {
    const problem = timeProblem(words.shift() ?? '');
    if (problem !== undefined) return problem;
  }
  return words[0] === undefined ? undefined : `"${words[0]}" is neither a date, a time nor a time zone`;
}

const isZone = (word: string): boolean => word === 'UTC' || /^[A-Z][A-Za-z_]*(\/[A-Z][\w+-]*)+$/.test(word);
const isDay = (word: string): boolean =>
  days.some((day) => word.toLowerCase() === day || word.toLowerCase() === day.slice(0, 3));

/** `YEAR-MONTH-DAY` or `MONTH-DAY`; with `~`, days count from the end of the month. */
function dateProblem(date: string): string | undefined {
  const parts = date.split(/[-~]/);
  const limits = [
    ['year', 1970, 9999],
    ['month', 1, 12],
    ['day', 1, 31],
  ] as const;
  if (parts.length < 2 || parts.length > 3) return `"${date}" is not a date`;
  return firstProblem(parts, limits.slice(3 - parts.length));
}

/** `HOUR:MINUTE` with or without seconds. */
function timeProblem(time: string): string | undefined {
  const parts = time.split(':');
  const limits = [
    ['hour', 0, 23],
    ['minute', 0, 59],
    ['second', 0, 59],
  ] as const;
  return parts.length > 3 ? `"${time}" is not a time` : firstProblem(parts, limits);
}

type Limit = readonly [name: string, min: number, max: number];

function firstProblem(parts: readonly string[], limits: readonly Limit[]): string | undefined {
  return parts
    .map((part, index) => componentProblem(part, limits[index] ?? ['', 0, 0]))
    .find((problem) => problem !== undefined);
}

/** `*`, a number, a range, each with `/STEP`, or several of them. */
function componentProblem(text: string, [name, min, max]: Limit): string | undefined {
  for (const part of text.split(',')) {
    const match = /^(?:\*|(\d+)(?:\.\.(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return `"${part}" is not a ${name}`;
    const [, from, to, step] = match;
    for (const number of [from, to])
      if (number !== undefined && (Number(number) < min || Number(number) > max))
        return `a ${name} is from ${min} to ${max}, not ${number}`;
    if (step !== undefined && Number(step) === 0) return `a step cannot be 0`;
    if (from !== undefined && to !== undefined && Number(from) > Number(to))
      return `${from}..${to} runs backwards`;
  }
  return undefined;
}
