import * as z from 'zod';
import { defaultSpreadPort } from '../model/spread.ts';
import { whole } from './fields.ts';

/** Fields of `spec.artifacts`: how release files get to hosts. */
export const spreadFields = {
  spread: z
    .enum(['operator', 'hosts'])
    .meta({
      description:
        "How files of a bundle get to hosts. operator: each host gets all of its files from the machine that runs kboot. hosts: that machine sends each file to one host, and hosts pass it on over the node network while `up` runs: on `spreadPort`, through an sshd of kboot's own with keys of that run, to hosts of this inventory only. Every host checks the SHA-256. A host that cannot reach the others gets its files from the machine that runs kboot. Needs sshd, ssh and ssh-keygen on the hosts, and the size of the host's files once more in /var/lib while it lasts.",
      default: 'operator',
    })
    .optional(),
  spreadPort: whole(1, 65535, {
    description: 'TCP port on which hosts serve files to each other while `up` runs.',
    default: defaultSpreadPort,
  }).optional(),
  fetch: z
    .enum(['each', 'once'])
    .meta({
      description:
        'How hosts download binaries and archives, without a bundle. each: every host does. once: one host does, and passes them on as with `spread: hosts`; a host that cannot reach it downloads them itself. Images are pulled by every host.',
      default: 'each',
    })
    .optional(),
};
