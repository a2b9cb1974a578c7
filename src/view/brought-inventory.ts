import type { InventoryField } from '../inventory/field.ts';
import type { SeenKey } from '../foreign/types.ts';
import { grouped } from './brought-keys.ts';
import { asComment, commentedFields } from './commented-fields.ts';
import { paragraph } from './paragraph.ts';

/** What an inventory that was brought is made of. */
export interface BroughtInventory {
  /** `hosts.ini, an Ansible inventory` */
  readonly from: string;
  readonly fields: readonly InventoryField[];
  readonly keys: readonly SeenKey[];
  readonly guesses: readonly string[];
}

const width = 110;

/** The inventory as commented YAML, with what was guessed before it and what was not taken over after it. */
export function broughtInventoryText({ from, fields, keys, guesses }: BroughtInventory): string {
  const header = [
    ...wrapped(`A Kubernetes cluster for kboot, written by \`kboot init\` from ${from}.`, ''),
    "Fields that are not set have kboot's defaults. `kboot schema > inventory.schema.json` lets an editor complete and",
    'check it.',
    ...(guesses.length === 0 ? [] : ['', 'Guessed; correct what is wrong:']),
    ...guesses.flatMap((guess) => wrapped(guess, '  ')),
  ];
  const { left } = grouped(keys);
  const lines =
    left.length === 0
      ? []
      : [
          '',
          `# Not taken over from ${asComment(from)}:`,
          ...left.flatMap(({ why, places }) => [
            ...wrapped(`${why}:`, '  ').map((each) => `# ${each}`),
            ...places.flatMap((place) => wrapped(place, '    ')).map((each) => `# ${each}`),
          ]),
        ];
  return [
    '# yaml-language-server: $schema=./inventory.schema.json',
    '',
    commentedFields(fields, header).trimEnd(),
    ...lines,
    '',
  ].join('\n');
}

function wrapped(text: string, indent: string): string[] {
  return paragraph(asComment(text), width - indent.length)
    .split('\n')
    .map((each) => indent + each);
}
