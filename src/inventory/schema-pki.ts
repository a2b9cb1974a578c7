import * as z from 'zod';
import { caKeyAlgorithms } from '../model/pki.ts';
import { defaults } from './defaults.ts';

/** `spec.pki`: what kboot issues. */
export const pki = z
  .strictObject({
    caKeyAlgorithm: z
      .enum(caKeyAlgorithms)
      .meta({
        description:
          'The keys of CAs that kboot makes, and of the one that signs ServiceAccount tokens. A cluster that runs keeps its own until `kboot up INVENTORY --rotate-ca ca`. Certificates of hosts have RSA-2048 keys.',
        default: defaults.caKeyAlgorithm,
      })
      .optional(),
  })
  .meta({
    description: 'CAs and keys that kboot makes. To use your own, put them into pki/ in the state folder.',
  })
  .optional();
