import { view } from './printable.ts';

interface Shown {
  readonly kind: 'unless' | 'vagrant' | 'hosts';
  readonly hosts: readonly string[] | undefined;
  readonly what: string;
  readonly text: string;
}

/** The commands of an inventory that would run while kboot only reads, in full. */
export const consentText = view(composeConsentText);

function composeConsentText(inventory: string, commands: readonly Shown[]): string {
  const has = (kind: Shown['kind']): boolean => commands.some((each) => each.kind === kind);
  const without = [
    ...(has('unless') ? ['the plan has these hooks as if they were needed'] : []),
    ...(has('hosts') ? ['the inventory has no hosts, and this command ends'] : []),
    ...(has('vagrant') ? ['Vagrant machines cannot be reached'] : []),
  ];
  return [
    `${inventory} has commands that run before you see the plan, to find out what has to be done:`,
    ...commands.flatMap(({ hosts, what, text }) => [
      `  ${what}, ${hosts === undefined ? 'on this machine, as you' : `as root on ${hosts.join(', ')}`}`,
      ...text.split('\n').map((line) => (line.startsWith('# ') ? `        ${line}` : `      $ ${line}`)),
    ]),
    `Without them, ${without.join('; ')}.`,
  ].join('\n');
}
