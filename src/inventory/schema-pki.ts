import * as z from 'zod';
import { caKeyAlgorithms, rotatable } from '../model/pki.ts';
import { defaults } from './defaults.ts';

/** `spec.pki`: what kboot issues. */
export const pki = z
  .strictObject({
    caKeyAlgorithm: z
      .enum(caKeyAlgorithms)
      .meta({
        description:
          'The keys of CAs that kboot makes, and of the one that signs ServiceAccount tokens. A cluster that runs keeps its own until they are exchanged (`rotate`). Certificates of hosts have RSA-2048 keys.',
        default: defaults.caKeyAlgorithm,
      })
      .optional(),
    rotate: z
      .array(z.enum(rotatable).meta({ description: 'A CA, or the key of tokens.' }))
      .meta({
        description:
          "Exchanged for new ones while the cluster runs: ca, the cluster's CA; front-proxy-ca; etcd-ca, etcd's own; sa, the key of ServiceAccount tokens. `kboot up` does it once for each that is listed, in stages with plans of their own, after everything else, and records it in the state folder; then the list has no effect and may stay or be removed. To exchange one again: `kboot up INVENTORY --rotate-ca ca`; or remove it from the list, run `kboot up`, and add it. A new cluster begins with what is listed as done.",
        examples: [['ca', 'sa']],
      })
      .optional(),
  })
  .meta({
    description: 'CAs and keys that kboot makes. To use your own, put them into pki/ in the state folder.',
  })
  .optional();
