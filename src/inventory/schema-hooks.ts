import * as z from 'zod';
import { stages } from '../model/stage.ts';
import { defaults } from './defaults.ts';
import { dnsLabel, filePath, matching, nodeName, role, text, whole } from './fields.ts';

const where = {
  roles: z
    .array(role('A role.'))
    .min(1, 'must name at least one role')
    .meta({ description: 'Hosts with any of these roles. Default, without hosts: every host.' })
    .optional(),
  hosts: z
    .array(text({ description: 'Name of a host.', examples: ['w-1'] }, nodeName))
    .min(1, 'must name at least one host')
    .meta({ description: 'These hosts, beside those of roles.' })
    .optional(),
};

const stage = (description: string) => z.enum(stages).meta({ description });

/** `spec.files`: what the operator lays on hosts. */
export const files = z
  .array(
    z
      .strictObject({
        path: text(
          {
            description: 'Where it lies on the host, an absolute path. Missing folders are made.',
            examples: ['/etc/motd'],
          },
          matching(
            /^(\/(?!\.{1,2}(\/|$))[^/\0\n]+)+$/,
            'must be an absolute path without "//", "/./" and "/../"',
          ),
        ),
        source: text(
          {
            description:
              "The file on this machine; `~` is the home directory, a relative path counts from the inventory's folder.",
            examples: ['./files/motd'],
          },
          filePath,
        ).optional(),
        content: text({
          description: 'Its text, in place of source.',
          examples: ['managed by ops'],
        }).optional(),
        mode: text(
          { description: 'Octal mode, in quotes.', default: defaults.fileMode, examples: ['600'] },
          matching(/^[0-7]{3}$/, 'must be an octal mode such as "644"'),
        ).optional(),
        stage: stage(
          'It is laid down in this stage, before anything is started, on hosts that come through it.',
        )
          .meta({ default: defaults.fileStage })
          .optional(),
        secret: z
          .boolean()
          .meta({ description: 'Shown by its SHA-256 only, like a key.', default: false })
          .optional(),
        restarts: z
          .array(
            z
              .enum(['containerd', 'kubelet', 'haproxy', 'keepalived'])
              .meta({ description: 'A service of kboot.' }),
          )
          .meta({ description: 'Services that read it, and restart when it changes.', default: [] })
          .optional(),
        ...where,
      })
      .meta({ description: 'One file.' }),
  )
  .meta({
    description: 'Files of your own for hosts: in the plan, in drift and in reset like those of kboot.',
  });

const shell = (description: string, example: string) =>
  text({ description, examples: [example] }, (value) =>
    value.trim() === '' ? 'must not be empty' : undefined,
  );

/** `spec.hooks`: what the operator has run before or after a stage. */
export const hooks = z
  .array(
    z
      .strictObject({
        name: text(
          { description: 'Name in the plan and the log; unique.', examples: ['data-disk'] },
          dnsLabel,
        ),
        before: stage('It runs before what kboot does in this stage.').optional(),
        after: stage('It runs after what kboot does in this stage.').optional(),
        on: z
          .enum(['hosts', 'operator'])
          .meta({
            description: 'hosts: as root on each; operator: once, on the machine that runs kboot, as you.',
            default: 'hosts',
          })
          .optional(),
        run: shell(
          "POSIX shell; stops at the first command that fails. KBOOT_CLUSTER, and on hosts KBOOT_HOST, KBOOT_ADDRESS and KBOOT_ROLES, on the operator's machine KBOOT_INVENTORY and KBOOT_STATE are set. It stands in the plan as it is: put no secret in it. ${…} is the shell's, not the inventory's.",
          'mount /data',
        ),
        unless: shell(
          "Shell that only reads: where it succeeds, nothing is to be done. Without it the hook runs where its stage changes something (on the operator's machine: when the plan changes anything).",
          'mountpoint -q /data',
        ).optional(),
        timeoutSeconds: whole(1, 3600, {
          description: 'Seconds that it may take.',
          default: defaults.hookTimeoutSeconds,
        }).optional(),
        ...where,
      })
      .meta({ description: 'One hook.' }),
  )
  .meta({ description: 'Commands of your own before and after stages: in the plan like all else.' });
