import { handlerOf } from './kinds.ts';
import type { Observation, Resource } from './types.ts';

/**
 * The state of one resource that a plan is based on, as a short text: `mode 644, sha256 …`, `absent`. Two
 * observations with the same text lead to the same action.
 */
export function factOf(want: Resource, observation: Observation<unknown>): string {
  if (observation.state === 'absent') return 'absent';
  if (observation.state === 'unknown') return `unknown: ${observation.reason}`;
  const { found } = observation;
  return handlerOf(want.kind).fact?.(want, found) ?? plainFact(found);
}

function plainFact(found: unknown): string {
  if (typeof found !== 'object' || found === null) return found === true ? 'there' : String(found);
  const words = Object.entries(found).flatMap(([key, value]) => word(key, value));
  return words.length === 0 ? 'there' : words.join(', ');
}

function word(key: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'boolean') return [value ? key : `not ${key}`];
  if (Array.isArray(value)) return value.length === 0 ? [] : [`${key} ${value.join(' ')}`];
  return [
    `${key === 'digest' ? 'sha256' : key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ];
}
