import * as z from 'zod';
import {
  absoluteHostPath,
  dnsLabel,
  httpUrl,
  labelValue,
  matching,
  nodeName,
  qualifiedName,
  sha256,
  text,
} from './fields.ts';

const quantity = (what: string, example: string) =>
  text(
    { description: what, examples: [example] },
    matching(/^\d+(\.\d+)?([mkMGTPE]|[KMGTPE]i)?$/, `must be a Kubernetes quantity such as ${example}`),
  ).optional();

const program = z
  .strictObject({
    url: text(
      { description: 'http or https URL of the program.', examples: ['https://mirror.example.com/runsc'] },
      httpUrl,
    ),
    sha256: sha256('the program'),
    path: text(
      { description: 'Where it goes on the host.', examples: ['/usr/local/bin/runsc'] },
      absoluteHostPath,
    ),
  })
  .meta({ description: 'A program: one file that can be run as it is.' });

/** `spec.runtimes`: container runtimes besides runc, and their RuntimeClasses. */
export const runtimes = z
  .array(
    z
      .strictObject({
        name: text(
          {
            description:
              "Name of the RuntimeClass and of containerd's runtime. For gvisor, kata and nvidia, kboot knows type and program.",
            examples: ['gvisor', 'kata', 'nvidia'],
          },
          dnsLabel,
        ),
        hosts: z
          .array(text({ description: 'Name of a host.', examples: ['w-1'] }, nodeName))
          .min(1, 'must name at least one host')
          .meta({ description: 'These hosts have it. Default if labels is not set either: every node.' })
          .optional(),
        labels: z
          .record(
            text({ description: 'Name of the label.' }, qualifiedName),
            text({ description: 'Value of the label.' }, labelValue),
          )
          .meta({
            description: 'Hosts with all of these labels in the inventory have it, in addition to hosts.',
            examples: [{ gpu: 'a100' }],
          })
          .optional(),
        runtimeType: text(
          {
            description:
              "containerd's runtime_type. Default: io.containerd.runsc.v1 for gvisor, io.containerd.kata.v2 for kata, else io.containerd.runc.v2.",
            examples: ['io.containerd.runc.v2'],
          },
          matching(
            /^(io\.containerd\.)?[a-z0-9-]+\.v\d+$/,
            'must be a type of containerd such as io.containerd.runc.v2',
          ),
        ).optional(),
        binary: text(
          {
            description:
              'Program that io.containerd.runc.v2 runs in place of runc. Default: /usr/bin/nvidia-container-runtime for nvidia.',
            examples: ['/usr/local/bin/crun'],
          },
          absoluteHostPath,
        ).optional(),
        options: z
          .record(z.string(), z.unknown())
          .meta({
            description: "Further options of containerd's runtime, as they are.",
            examples: [{ ConfigPath: '/etc/kata-containers/configuration.toml' }],
          })
          .optional(),
        overhead: z
          .strictObject({
            cpu: quantity('CPU of a Pod beyond its containers.', '250m'),
            memory: quantity('Memory of a Pod beyond its containers.', '160Mi'),
          })
          .meta({ description: 'What a Pod takes beyond its containers; the scheduler counts it.' })
          .optional(),
        files: z
          .array(program)
          .meta({
            description:
              'Programs that kboot fetches and installs: by hosts from their URL, or from a bundle. Others must be there.',
            default: [],
          })
          .optional(),
      })
      .meta({ description: 'A runtime.' }),
  )
  .meta({
    description:
      'Container runtimes besides runc: containerd gets them on their hosts, and the cluster a RuntimeClass for each, whose Pods are scheduled to those hosts only.',
  })
  .optional();
