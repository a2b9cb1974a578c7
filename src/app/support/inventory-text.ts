import { stringify } from 'yaml';
import { readDocument } from '../../inventory/document.ts';
import type { Json, JsonObject } from '../../model/cluster.ts';
import { redactJson, redacted, type KnownSecrets } from '../../model/redact.ts';

/**
 * An inventory for maintainers: without comments, with `${NAME}` as it is, without secrets, and without the texts that may
 * have one anywhere: contents of spec.files, commands of spec.hooks, values of charts.
 */
export function supportInventory(text: string, known: KnownSecrets): string {
  const { data, problems } = readDocument(text, {}, () => true);
  if (problems.length > 0 || data === undefined) return '# It is not valid YAML.\n';
  return stringify(redactJson(withoutTexts(data as Json, []), known), { lineWidth: 0 });
}

const texts = /^spec\.(files\.content|hooks\.(run|unless)|addons\.chart\.values)$/;

function withoutTexts(value: Json, path: readonly string[]): Json {
  if (texts.test(path.join('.'))) return `${redacted}, ${JSON.stringify(value).length} characters`;
  if (Array.isArray(value)) return value.map((item: Json) => withoutTexts(item, path));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) => [key, withoutTexts(item, [...path, key])]),
  );
}

/** The variables of the environment that an inventory has values of, as secrets that are shown as `${NAME}`. */
export function variablesIn(text: string): KnownSecrets {
  const names = new Set([...text.matchAll(/\$\{([A-Za-z_]\w*)/g)].flatMap(([, name]) => name ?? []));
  return new Map(
    [...names].flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value === undefined ? [] : [[value, `\${${name}}`]];
    }),
  );
}
