import { redacted, redactText } from '../model/redact.ts';
import { isSecretValue, namedItems } from '../model/secret-value.ts';
import type { TakenAt } from './source.ts';
import type { Taken } from './environment.ts';
import { valueAt, type Path } from './position.ts';

/** Shorter values are too common to be searched for in messages about something else. */
const shortest = 4;

/**
 * A message about the value at `path`, with `${NAME}` in place of everything that came from the environment, where it may
 * be a secret. In a message about such a value, no part of it stays, nor a proposal that resembles it.
 */
export function concealed(message: string, all: readonly TakenAt[], path: Path): string {
  const about = all.filter((each) => isWithin(each.path, path) || isWithin(path, each.path));
  const own = about.flatMap(({ taken }) => taken);
  const others = all.flatMap(({ taken }) => taken).filter(({ value }) => value.length >= shortest);
  const plain = own.length === 0 ? message : message.replace(/; did you mean .*$/s, '');
  const byLength = (one: Taken, other: Taken): number => other.value.length - one.value.length;
  const whole = [...own, ...others].sort(byLength).reduce(withoutValue, plain);
  return own.reduce(withoutParts, whole);
}

/** The user and password of a URL: a password may have a slash, and a port is not one. */
const login = /:\/\/(?:[^\s"'/@]*|[^\s"'/:@]*:(?!\d{1,5}\/)[^\s"']*)@/g;

/** Fields that name a variable or file with a secret, and in which people put the secret itself. */
const placeOfSecret = /(passw|secret|token)\w*(env|file)$|^keyFile$/i;

/** Removes secrets of the inventory from a message about the value at `path`, and any suggestion made from them. */
export function withoutSecrets(message: string, path: Path, data: unknown): string {
  const plain = message.replaceAll(login, '://…@');
  if (path.length === 0) return plain;
  const name = String(path.at(-1));
  if (placeOfSecret.test(name)) return plain.replace(/, not ["\w].*$/s, '');
  const shown = [...secretTexts(valueAt(data, path), name)].reduce(
    (text, [secret, instead]) => text.replaceAll(secret, () => instead),
    plain,
  );
  return shown === plain ? plain : shown.replace(/; did you mean .*$/s, '');
}

/** Every string in a value that is or contains a secret, and what is shown instead. */
function secretTexts(value: unknown, name: string): Map<string, string> {
  if (typeof value === 'string')
    return new Map(
      [value, ...value.split('\n')].flatMap((text) => {
        const instead = isSecretValue(name, text) && !text.includes('://') ? redacted : redactText(text);
        return text.length < shortest || instead === text ? [] : [[text, instead]];
      }),
    );
  if (value === null || typeof value !== 'object') return new Map();
  return new Map(namedItems(value, name).flatMap(([, label, item]) => [...secretTexts(item, label)]));
}

function isWithin(inner: Path, outer: Path): boolean {
  return outer.length > 0 && outer.every((step, index) => inner[index] === step);
}

/** Forms in which a message may have a value: as it is, as JSON, in other cases. */
function withoutValue(message: string, { name, value }: Taken): string {
  if (value === '') return message;
  const forms = new Set([value, JSON.stringify(value).slice(1, -1), value.trim()]);
  return [...forms].reduce((text, form) => replaced(text, form, `\${${name}}`), message);
}

/** A short value only as a whole word. */
function replaced(text: string, form: string, by: string): string {
  if (form === '') return text;
  const escaped = form.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pattern = form.length < shortest ? `(?<![\\w.[])${escaped}(?![\\w\\]])` : escaped;
  return text.replace(new RegExp(pattern, 'gi'), () => by);
}

/** Replaces what a message has of a value in pieces: cut off after some characters, or between its separators. */
function withoutParts(message: string, { name, value }: Taken): string {
  const lower = value.toLowerCase();
  let text = '';
  let at = 0;
  while (at < message.length) {
    let length = 0;
    // A name of a variable that was put there is not part of a value.
    const placed = /^\$\{\w+\}/.exec(message.slice(at))?.[0];
    if (placed === undefined)
      while (at + length < message.length && lower.includes(message.slice(at, at + length + 1).toLowerCase()))
        length++;
    if (placed !== undefined) text += placed;
    else text += length >= shortest ? `\${${name}}` : message.slice(at, at + Math.max(1, length));
    at += placed?.length ?? Math.max(1, length);
  }
  return text.replaceAll(new RegExp(`(\\$\\{${name}\\}){2,}`, 'g'), () => `\${${name}}`);
}
