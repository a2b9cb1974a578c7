import { visible } from '../model/visible.ts';

interface Shown {
  readonly hosts: readonly string[] | undefined;
  readonly what: string;
  readonly text: string;
}

/** The commands of an inventory that would run while kboot only reads, in full. */
export function consentText(inventory: string, commands: readonly Shown[]): string {
  return [
    `${inventory} has commands that run before you see the plan, to find out what has to be done:`,
    ...commands.flatMap(({ hosts, what, text }) => [
      `  ${what}, ${hosts === undefined ? 'on this machine, as you' : `as root on ${hosts.join(', ')}`}`,
      ...visible(text)
        .split('\n')
        .map((line) => `      $ ${line}`),
    ]),
    'Without them, the plan has these hooks as if they were needed; Vagrant machines cannot be reached.',
  ].join('\n');
}
