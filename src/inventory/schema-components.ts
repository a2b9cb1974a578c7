import * as z from 'zod';
import { pathTypes } from '../model/cluster.ts';
import { absoluteHostPath, dnsLabel, matching, text } from './fields.ts';

export const extraArg = z
  .strictObject({
    name: text(
      { description: 'Flag without its leading dashes.', examples: ['v'] },
      matching(/^[A-Za-z0-9][\w.-]*$/, 'must be a flag without its leading dashes or "="'),
    ),
    value: text({ description: 'Value of the flag, always a string.', examples: ['2'] }),
  })
  .meta({ description: 'One --name=value.' });

/** `extraArgs` of a component. */
export const extraArgs = (component: string): z.ZodArray<typeof extraArg> =>
  z.array(extraArg).meta({
    description: `Additional flags of ${component}; they replace kboot's flags of the same name.`,
    default: [],
  });

const extraEnv = z
  .strictObject({
    name: text(
      { description: 'Name of the variable.', examples: ['GODEBUG'] },
      matching(/^[A-Za-z_][\w.-]*$/, 'must be the name of an environment variable'),
    ),
    value: text({ description: 'Value of the variable, always a string.', examples: ['x509sha1=1'] }),
  })
  .meta({ description: 'One NAME=value.' });

/** `extraEnvs` of a component. */
export const extraEnvs = (component: string): z.ZodArray<typeof extraEnv> =>
  z.array(extraEnv).meta({ description: `Environment variables of ${component}.`, default: [] });

const extraVolume = z
  .strictObject({
    name: text({ description: 'Name of the volume, unique in the Pod.', examples: ['audit'] }, dnsLabel),
    hostPath: text(
      { description: 'File or folder on the host.', examples: ['/etc/kubernetes/audit'] },
      absoluteHostPath,
    ),
    mountPath: text(
      { description: 'Where the Pod has it.', examples: ['/etc/kubernetes/audit'] },
      absoluteHostPath,
    ),
    readOnly: z.boolean().meta({ description: 'The Pod cannot write to it.', default: false }).optional(),
    pathType: z
      .enum(pathTypes)
      .meta({
        description:
          "What hostPath must be, as Kubernetes' HostPathType: the Pod does not start otherwise. Without it, nothing is checked.",
        examples: ['File'],
      })
      .optional(),
  })
  .meta({ description: "A file or folder of the host, as kubeadm's HostPathMount." });

/** `extraVolumes` of a component. */
export const extraVolumes = (component: string): z.ZodArray<typeof extraVolume> =>
  z.array(extraVolume).meta({
    description: `Files and folders of the host that the static Pod of ${component} mounts. ${component} restarts when a file of spec.files in one of them changes.`,
    default: [],
  });

/** Settings of a component that runs as a static Pod. */
export const component = (name: string) =>
  z
    .strictObject({
      extraArgs: extraArgs(name).optional(),
      extraEnvs: extraEnvs(name).optional(),
      extraVolumes: extraVolumes(name).optional(),
    })
    .meta({ description: `Settings of ${name}.` });
