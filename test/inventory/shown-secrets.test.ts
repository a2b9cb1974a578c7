import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseInventory } from '../../src/inventory/parse.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { outcomeOf, withFields, type Data } from './field-changes.ts';
import { everyField, samples } from './impact-samples.ts';

/*
 * A secret is put into every field of the inventory. No diagnostic shows it, and a plan shows it only if a warning says so.
 */

const secret = 'c4n4ryOfThisTest';
/** In a URL, a header, an assignment, and as the value of a field whose name says it. */
const texts: readonly string[] = [
  `https://svc:${secret}@host.example.com`,
  `Bearer ${secret}`,
  `--client-secret=${secret}`,
  `curl -H 'Authorization: Bearer ${secret}' https://host.example.com`,
];

/** A value with the secret in place of, or beside, each text in it. */
function forms(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return texts;
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) =>
      forms(item).map((form): unknown[] => value.with(index, form)),
    );
  if (value === null || typeof value !== 'object') return [];
  const own = Object.entries(value).flatMap(([key, item]) =>
    forms(item).map((form) => ({ ...value, [key]: form })),
  );
  return [
    ...own,
    { ...value, password: secret },
    { ...value, nested: [{ name: 'DB_TOKEN', value: secret }] },
  ];
}

const base = parse(everyField) as Data;

/** Names of files, which are read before a plan is made. */
const isPath =
  /(File|Files|policyFile|bundleSigners|templates|encryptFor|identityFile|recipients)$|manifests\[\d\]\.path$|chart\.path$|\.source$|\.file$/;

/** Labels are seen by everybody who sees a Node. */
const isPublic = /[lL]abels$/;
const fields = samples.filter(([field]) => !isPublic.test(field));

it.each(fields.map((sample) => [sample[0], sample] as const))('%s', async (field, sample) => {
  const [, becomes, beside = {}, along = {}] = sample;
  const before = withFields(base, beside);
  for (const form of forms(becomes)) {
    const after = withFields(before, { [field]: form, ...along });
    const { diagnostics, cluster } = parseInventory(stringify(after), optionsFor('/repo/cluster.yaml'));
    const messages = diagnostics.map(({ message }) => message);
    expect(messages.join('\n')).not.toContain(secret);
    if (cluster === undefined || isPath.test(field)) continue;
    const isNoted = messages.some((message) => message.includes('looks like a secret'));
    const { plan } = await outcomeOf(before, after);
    if (!isNoted) expect(JSON.stringify(plan), JSON.stringify(form)).not.toContain(secret);
  }
});
