import * as z from 'zod';
import { orList } from '../model/or-list.ts';
import { matching, text, whole } from './fields.ts';
import { nearest } from './nearest.ts';

/*
 * Read by vagrant/machines.rb; kboot itself does not use it.
 */

/** Boxes, by the distribution in them. */
export const vagrantBoxes = ['debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04', 'rocky-9'] as const;

export const vagrantMachine = (description: string) =>
  z
    .strictObject({
      box: text(
        {
          description: `Box: ${vagrantBoxes.join(', ')}, or another one as OWNER/NAME.`,
          default: vagrantBoxes[0],
        },
        box,
      ).optional(),
      image: text(
        {
          description:
            'Image of the docker provider. Default: built from the Dockerfile beside the Vagrantfile.',
          examples: ['localhost/node:1'],
        },
        matching(/^[a-z0-9][\w./:@-]*$/, 'must be the name of an image'),
      ).optional(),
      memory: whole(512, 1_048_576, {
        description: 'Memory in MiB. Default: 2048 for control planes and workers, else 1024.',
        examples: [4096],
      }).optional(),
      cpus: whole(1, 512, {
        description: 'CPUs. Default: 2 for control planes and workers, else 1.',
        examples: [4],
      }).optional(),
    })
    .meta({ description });

function box(value: string): string | undefined {
  if (vagrantBoxes.some((known) => known === value)) return undefined;
  if (/^[\w.-]+\/[\w.-]+$/.test(value)) return undefined;
  const close = nearest(value, vagrantBoxes);
  const hint = close === undefined ? '' : `; did you mean "${close}"?`;
  return `must be ${orList(vagrantBoxes)}, which kboot supports, or the full name of a box (OWNER/NAME), not "${value}"${hint}`;
}
