import * as z from 'zod';
import type { Component } from '../model/component.ts';
import { stages } from '../model/stage.ts';
import { defaults } from './defaults.ts';
import { absoluteHostPath, dnsLabel, filePath, matching, nodeName, role, text, whole } from './fields.ts';

/** Components that can restart for a file. */
const restartable = [
  ...(['containerd', 'kubelet', 'haproxy', 'keepalived', 'etcd'] as const),
  ...(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const),
] as const satisfies readonly Component[];

const where = {
  roles: z
    .array(role('A role.'))
    .min(1, 'must name at least one role')
    .meta({ description: 'Hosts with any of these roles. Default if hosts is not set either: every host.' })
    .optional(),
  hosts: z
    .array(text({ description: 'Name of a host.', examples: ['w-1'] }, nodeName))
    .min(1, 'must name at least one host')
    .meta({ description: 'These hosts, in addition to those selected by roles.' })
    .optional(),
};

const stage = (description: string) => z.enum(stages).meta({ description });

/** `spec.files`: the operator's own files on hosts. */
export const files = z
  .array(
    z
      .strictObject({
        path: text(
          {
            description: 'Absolute path on the host. Missing folders are created.',
            examples: ['/etc/motd'],
          },
          absoluteHostPath,
        ),
        source: text(
          {
            description:
              "The file on this machine; `~` is the home directory, a relative path is resolved from the inventory's folder.",
            examples: ['./files/motd'],
          },
          filePath,
        ).optional(),
        content: text({
          description:
            'Content of the file, instead of source. Written as it is here, ${…} included, unless substitute is true.',
          examples: ['managed by ops'],
        }).optional(),
        substitute: z
          .boolean()
          .meta({
            description:
              'Replace ${NAME} and ${NAME:-default} in content with environment variables of the machine that runs kboot; $${ is a literal ${.',
            default: false,
          })
          .optional(),
        mode: text(
          { description: 'Octal mode, in quotes.', default: defaults.fileMode, examples: ['600'] },
          matching(/^[0-7]{3}$/, 'must be an octal mode such as "644"'),
        ).optional(),
        stage: stage(
          'Stage in which the file is written, before anything is started, on hosts that go through it.',
        )
          .meta({ default: defaults.fileStage })
          .optional(),
        secret: z
          .boolean()
          .meta({ description: 'Show only its SHA-256, as for a key.', default: false })
          .optional(),
        restarts: z
          .array(z.enum(restartable).meta({ description: 'A service or static Pod that kboot manages.' }))
          .meta({
            description:
              'What reads the file and is restarted when it changes, one host after another. A static Pod that mounts the file, or names it in a flag, restarts without being listed.',
            default: [],
          })
          .optional(),
        ...where,
      })
      .meta({ description: 'A file.' }),
  )
  .meta({
    description: "Your own files for hosts; plan, drift and reset cover them like kboot's.",
  });

const shell = (description: string, example: string) =>
  text({ description, examples: [example] }, (value) =>
    value.trim() === '' ? 'must not be empty' : undefined,
  );

/** `spec.hooks`: the operator's commands before or after a stage. */
export const hooks = z
  .array(
    z
      .strictObject({
        name: text(
          { description: 'Unique name, shown in the plan and the log.', examples: ['data-disk'] },
          dnsLabel,
        ),
        before: stage("Run it before kboot's own steps of this stage.").optional(),
        after: stage("Run it after kboot's own steps of this stage.").optional(),
        on: z
          .enum(['hosts', 'operator'])
          .meta({
            description: 'hosts: as root on each; operator: once, on the machine that runs kboot, as you.',
            default: 'hosts',
          })
          .optional(),
        run: shell(
          "POSIX shell; stops at the first command that fails. Its environment has KBOOT_CLUSTER; on hosts also KBOOT_HOST, KBOOT_ADDRESS and KBOOT_ROLES; on the operator's machine also KBOOT_INVENTORY and KBOOT_STATE. The plan shows it verbatim: do not put secrets in it. ${…} is expanded by the shell, not by kboot.",
          'mount /data',
        ),
        unless: shell(
          "Read-only shell command; if it succeeds, the hook is not needed and is skipped. While planning, it only runs if you agreed to it, or with --allow-hooks; applying runs it right before the hook. Without it, the hook runs wherever its stage changes something (on the operator's machine: if the plan changes anything).",
          'mountpoint -q /data',
        ).optional(),
        timeoutSeconds: whole(1, 3600, {
          description: 'Timeout in seconds.',
          default: defaults.hookTimeoutSeconds,
        }).optional(),
        ...where,
      })
      .meta({ description: 'A hook.' }),
  )
  .meta({
    description: 'Your own commands before and after stages; the plan shows them like every other step.',
  });
