import * as z from 'zod';
import { defaults } from './defaults.ts';
import { whole } from './fields.ts';

const mostUnavailable = 1000;

/** A number of workers, or a share of all workers. */
const maxUnavailable = z
  .union(
    [
      z.number().meta({ type: 'integer', minimum: 1, maximum: mostUnavailable }),
      z.string().meta({ title: 'percentage', pattern: '^([1-9][0-9]?|100)%$' }),
    ],
    { error: 'must be a whole number or a percentage such as 20%' },
  )
  .superRefine((value, context) => {
    if (typeof value === 'number') {
      if (!Number.isInteger(value) || value < 1 || value > mostUnavailable)
        context.addIssue(
          `must be a whole number from 1 to ${mostUnavailable}, or a percentage such as 20%, not ${value}`,
        );
    } else if (!/^([1-9]\d?|100)%$/.test(value)) {
      const fixed = /^[1-9]\d*$/.test(value) ? `; did you mean ${value} without quotes?` : '';
      context.addIssue(`must be a whole number, or a percentage from 1% to 100%, not "${value}"${fixed}`);
    }
  })
  .meta({
    description:
      'How many workers may be down at a time: a number, or a percentage of all workers (20%), rounded down, but at least 1. Control planes always go one at a time.',
    default: defaults.maxUnavailable,
    examples: [2, '20%'],
  });

const drain = z
  .strictObject({
    timeoutSeconds: whole(1, 86_400, {
      description:
        'How long the Pods of a node may take to end. After that the run stops, names the Pods that are left, and the node goes on serving.',
      default: defaults.drainTimeoutSeconds,
    }).optional(),
    deleteEmptyDirData: z
      .boolean()
      .meta({
        description:
          'Also evict Pods that have an emptyDir volume, which deletes its content. With false, such a Pod on a worker stops the upgrade before its first step.',
        default: true,
      })
      .optional(),
    force: z
      .boolean()
      .meta({
        description:
          'Also evict Pods that have no controller, which nothing creates again. With false, such a Pod on a worker stops the upgrade before its first step.',
        default: false,
      })
      .optional(),
    gracePeriodSeconds: whole(1, 86_400, {
      description: 'Time that each Pod has to end, in place of its own terminationGracePeriodSeconds.',
      examples: [30],
    }).optional(),
  })
  .meta({ description: 'How a worker is drained before it is upgraded.' });

/** `spec.upgrade`: how an upgrade disturbs workloads. */
export const upgrade = z
  .strictObject({
    maxUnavailable: maxUnavailable.optional(),
    drain: drain.optional(),
    pauseAfter: z
      .enum(['control-plane', 'first-batch'])
      .meta({
        description:
          'Where the run ends, so that you can look before the same command goes on: after the control plane, or also after the first batch of workers. Default: it does not pause.',
      })
      .optional(),
  })
  .meta({ description: 'How an upgrade to another kubernetesVersion disturbs workloads.' })
  .optional();
