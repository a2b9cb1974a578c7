import { isIP } from 'node:net';
import { orList } from '../../model/or-list.ts';
import { shown } from '../explain.ts';
import { nearest } from '../nearest.ts';
import type { FieldFacts } from './facts.ts';

/** Go's time.ParseDuration. */
const duration = /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
/** resource.ParseQuantity of k8s.io/apimachinery. */
const quantity = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const percentage = /^[+-]?(\d+\.?\d*|\.\d+)%$/;
/** Go's strconv.ParseBool. */
const truth = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const falsehood = ['0', 'f', 'F', 'false', 'FALSE', 'False'];
/** Go's strconv.ParseInt with base 0, and strconv.ParseFloat without its rarer forms. */
const integer = /^[+-]?(0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*)$/;
const float = /^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|infinity|nan)$/i;

const limits: Readonly<Record<string, readonly [min: number, max: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint32: [0, 2 ** 32 - 1],
};

const durationPhrase = 'a duration such as "10s" or "1m30s"';
const quantityPhrase = 'a quantity such as "500m" or "1Gi"';

/** Texts that a field of the type string must have, and what they are called. */
const texts: Readonly<Record<string, readonly [fits: (text: string) => boolean, phrase: string]>> = {
  duration: [(text) => duration.test(text), durationPhrase],
  quantityString: [(text) => quantity.test(text), quantityPhrase],
  boolString: [(text) => truth.includes(text) || falsehood.includes(text), '"true" or "false"'],
  threshold: [
    (text) => quantity.test(text) || percentage.test(text),
    'a quantity such as "100Mi" or a percentage such as "10%"',
  ],
};

/** The problem with the value of a field that has neither fields nor items, as a phrase that follows its name. */
export function valueProblem(value: unknown, facts: FieldFacts): string | undefined {
  switch (facts.type) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : `must be true or false, not ${shown(value)}`;
    case 'int32':
    case 'int64':
    case 'uint32':
      return wholeProblem(value, facts);
    case 'float':
      return typeof value === 'number' ? undefined : notANumber('a number', value);
    case 'quantity':
      if (typeof value === 'number' || (typeof value === 'string' && quantity.test(value))) return undefined;
      return `must be ${quantityPhrase}, not ${shown(value)}`;
    case 'durationOrNanoseconds':
      if (typeof value === 'number' || (typeof value === 'string' && duration.test(value))) return undefined;
      return `must be ${durationPhrase}, not ${shown(value)}`;
    case 'string':
      return typeof value === 'string'
        ? choiceProblem(value, facts.values)
        : notAString('a string', value, () => true);
    default: {
      const [fits, phrase] = texts[facts.type] ?? [];
      if (fits === undefined || phrase === undefined) return undefined;
      if (typeof value !== 'string') return notAString(phrase, value, fits);
      return fits(value) ? undefined : `must be ${phrase}, not ${shown(value)}`;
    }
  }
}

function wholeProblem(value: unknown, facts: FieldFacts): string | undefined {
  if (typeof value !== 'number') return notANumber('a whole number', value);
  if (!Number.isInteger(value)) return `must be a whole number, not ${value}`;
  const [least, most] = limits[facts.type] ?? [-Infinity, Infinity];
  const min = facts.min ?? least;
  const max = facts.max ?? most;
  if (value >= min && value <= max) return undefined;
  const stated = facts.max === undefined && facts.min !== undefined && value < min;
  return stated ? `must be at least ${min}, not ${value}` : `must be from ${min} to ${max}, not ${value}`;
}

function notANumber(what: string, value: unknown): string {
  const unquoted = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? ` (write ${value})` : '';
  return `must be ${what}, not ${shown(value)}${unquoted}`;
}

function notAString(what: string, value: unknown, fits: (text: string) => boolean): string {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const quoted = isScalar && fits(String(value)) ? ` (write "${value}")` : '';
  return `must be ${what}, not ${shown(value)}${quoted}`;
}

/** The problem with a text that must be one of `choices`; the empty text is the default. */
export function choiceProblem(value: string, choices: readonly string[] | undefined): string | undefined {
  if (choices === undefined || value === '' || choices.includes(value)) return undefined;
  const close = choices.length > 1 ? nearest(value, choices) : undefined;
  return `must be ${orList(choices)}, not ${shown(value)}${close === undefined ? '' : `; did you mean "${close}"?`}`;
}

/** The problem with the text of a flag of one of pflag's types, as a phrase that follows its name. */
export function flagValueProblem(text: string, type: string): string | undefined {
  const [fits, phrase] = flagValues[type] ?? [];
  if (fits === undefined || phrase === undefined || fits(text)) return undefined;
  return `must be ${phrase}, not ${shown(text)}`;
}

const whole = (text: string): boolean => integer.test(text);
const within =
  (type: string) =>
  (text: string): boolean => {
    const [min, max] = limits[type] ?? [-Infinity, Infinity];
    const value = Number(text.replaceAll('_', ''));
    return whole(text) && (Number.isNaN(value) || (value >= min && value <= max));
  };

const flagValues: Readonly<Record<string, readonly [fits: (text: string) => boolean, phrase: string]>> = {
  bool: [(text) => isTrue(text) !== undefined, '"true" or "false"'],
  int: [whole, 'a whole number'],
  int32: [within('int32'), 'a whole number of 32 bits'],
  int64: [whole, 'a whole number'],
  uint: [(text) => whole(text) && !text.startsWith('-'), 'a whole number that is not negative'],
  uint32: [within('uint32'), 'a whole number of 32 bits that is not negative'],
  float: [(text) => float.test(text), 'a number'],
  duration: [(text) => duration.test(text), durationPhrase],
  quantity: [(text) => quantity.test(text), quantityPhrase],
  ip: [(text) => text === '' || isIP(text.trim()) !== 0, 'an IP address'],
};

/** What Go's strconv.ParseBool makes of a text; undefined if it is neither. */
export function isTrue(text: string): boolean | undefined {
  if (truth.includes(text)) return true;
  return falsehood.includes(text) ? false : undefined;
}
