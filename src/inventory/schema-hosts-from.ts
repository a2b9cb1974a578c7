import * as z from 'zod';
import { defaults } from './defaults.ts';
import { filePath, text, whole } from './fields.ts';

/** `spec.hostsFrom`: where the hosts are. Exactly one of file and command; hosts-from.ts says so if that is not the case. */
export const hostsFrom = z
  .strictObject({
    file: text(
      {
        description:
          "JSON file with a list of hosts, such as what `terraform output -json kboot_hosts` prints; a field that is null is not set. A relative path is resolved from the inventory's folder.",
        examples: ['hosts.json'],
      },
      filePath,
    ).optional(),
    command: z
      .array(
        text(
          {
            description:
              'The program (in PATH, or relative to the folder of the inventory), then its arguments.',
            examples: ['./hosts.sh'],
          },
          (value) => (value.includes('\0') ? 'must not contain a NUL character' : undefined),
        ),
      )
      .superRefine(([program = ''], context) => {
        if (program === '') context.addIssue('must name a program');
      })
      .meta({
        description:
          'A program that prints such a list, and its arguments. It runs on this machine, as you, without a shell, whenever a command reads the inventory; the first time, kboot asks, unless --allow-hooks is there. `${…}` in it is not substituted.',
        examples: [['terraform', '-chdir=infra', 'output', '-json', 'kboot_hosts']],
        minItems: 1,
      })
      .optional(),
    timeoutSeconds: whole(1, 3600, {
      description: 'Seconds after which the command is ended, which is an error.',
      default: defaults.hostsCommandSeconds,
    }).optional(),
  })
  .meta({ description: 'Where the hosts are, instead of spec.hosts: file or command.' });
