import { publishedCopies } from '../../kube/published-cas.ts';
import { encryptableResources } from '../../model/encryption.ts';
import * as z from 'zod';
import { components } from '../../model/component.ts';
import { stages } from '../../model/stage.ts';
import { described, hex, host, map, namespace, node, shared, text, texts } from './described.ts';
import { spreadSchema } from './spread-schema.ts';
import { objectRef, stepSchema } from './step-schema.ts';

const condition = shared(
  'Condition',
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('etcd-member'), host }),
    z.strictObject({
      kind: z.literal('api'),
      host: text('The host whose API server must answer; absent: any.').exactOptional(),
      version: text('The version that it must serve.').exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('load-balancer'),
      host,
      address: text('IP address or DNS name.'),
      port: described('TCP port.', z.number()),
    }),
    z.strictObject({ kind: z.literal('kubelet'), host, port: described('TCP port.', z.number()) }),
    z.strictObject({
      kind: z.literal('endpoint'),
      address: text('IP address or DNS name.'),
      port: described('TCP port.', z.number()),
    }),
    z.strictObject({
      kind: z.literal('pod-ready'),
      host,
      namespace,
      name: text('Name of the Pod.'),
      replaces: text('ID of the container that this plan replaces.').exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('controller'),
      host,
      component: described(
        'The component whose healthz must answer.',
        z.enum(['kube-controller-manager', 'kube-scheduler']),
      ),
      address: text('Address that it listens on.'),
      port: described('Its port.', z.number()),
    }),
    z.strictObject({
      kind: z.literal('leader'),
      lease: described(
        'The Lease in kube-system that must be renewed.',
        z.enum(['kube-controller-manager', 'kube-scheduler']),
      ),
    }),
    z.strictObject({
      kind: z.literal('stored-as'),
      resource: described('Every object of this resource in etcd.', z.enum(encryptableResources)),
      as: text('identity (not encrypted), or provider and key, such as secretbox:key1.'),
    }),
    z.strictObject({
      kind: z.literal('published-cas'),
      copy: described('Where Kubernetes publishes them.', z.enum(publishedCopies)),
      holds: texts('SHA-256 of certificates that each copy must have.'),
      lacks: texts('SHA-256 of certificates that none may have.'),
    }),
    z.strictObject({ kind: z.literal('node-registered'), node }),
    z.strictObject({
      kind: z.literal('node-ready'),
      node,
      version: text('The version that its kubelet must report.').exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('workload-ready'),
      workload: described('Kind of the workload.', z.enum(['DaemonSet', 'Deployment', 'StatefulSet'])),
      namespace,
      name: text('Name of the workload.'),
      nodes: texts('Nodes that must run a Ready Pod of the DaemonSet.').exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('addon-ready'),
      addon: text('Name of the add-on.'),
      part: described(
        'definitions: its CRDs are served; hooks-before, hooks-after: these hooks of its chart have run; webhooks: the Services of its webhooks have endpoints; workloads, all: these are healthy.',
        z.enum(['definitions', 'hooks-before', 'webhooks', 'workloads', 'hooks-after', 'all']),
      ),
      objects: described('The objects that are looked at.', z.array(objectRef)),
    }),
    z.strictObject({
      kind: z.literal('addon-gone'),
      addon: text('Name of the add-on.'),
      objects: described('Objects that must no longer exist.', z.array(objectRef)),
    }),
  ]),
);

const gate = shared(
  'Gate',
  z.strictObject({
    type: z.literal('wait'),
    id: text('Unique in this plan; events and run logs refer to gates by it.'),
    condition: described('The condition that is observed until it holds.', condition),
    timeoutSeconds: described('Seconds after which the gate fails.', z.number()),
  }),
);

const task = shared(
  'Task',
  z.strictObject({
    on: described(
      "A host; cluster: through the cluster's APIs; operator: the machine that runs kboot.",
      z.union([z.strictObject({ host }), z.enum(['cluster', 'operator'])]),
    ),
    steps: described('Steps in order; a failed step ends the task.', z.array(stepSchema)),
    rollback: described('Steps to run if the task fails.', z.array(stepSchema)).exactOptional(),
  }),
);

const batch = shared(
  'Batch',
  z.strictObject({
    tasks: described('Tasks that run in parallel.', z.array(task)),
    gates: described(
      'Conditions that must hold after the tasks, before the next batch starts.',
      z.array(gate),
    ),
  }),
);

const phase = shared(
  'Phase',
  z.strictObject({
    id: text('Unique in this plan.'),
    stage: described('The stage that the phase belongs to.', z.enum(stages)),
    title: text('For display only.'),
    after: described(
      'The phase starts once all of these hold; empty: at once.',
      z.array(
        z.strictObject({
          phase: text('ID of an earlier phase of the plan.'),
          need: described(
            'How it must have ended. ended: with any result; any: at least one of its hosts succeeded; all: each of its batches passed.',
            z.enum(['ended', 'any', 'all']),
          ),
        }),
      ),
    ),
    batches: described(
      'Batches in order; after a failed batch, the later ones do not start.',
      z.array(batch),
    ),
  }),
);

const disturbance = z.strictObject({
  component: described('A component.', z.enum(components)),
  kind: described('What happens to it.', z.enum(['reload', 'restart'])),
});

const fieldChange = shared(
  'FieldChange',
  z.strictObject({
    field: text('Its path.'),
    from: text('The old value as JSON; absent: not set, or not shown.').exactOptional(),
    to: text('The new value as JSON; absent: not set, or not shown.').exactOptional(),
    impact: described(
      'What the change does to the running cluster.',
      z.discriminatedUnion('impact', [
        z.strictObject({
          impact: z.literal('nothing'),
          note: text('What to know about it.').exactOptional(),
        }),
        z.strictObject({
          impact: z.literal('disturbs'),
          disturbs: described('At most these components, one host after another.', z.array(disturbance)),
          note: text('What to know about it.').exactOptional(),
        }),
        z.strictObject({ impact: z.literal('new-nodes') }),
        z.strictObject({ impact: z.literal('membership'), what: text('In words.') }),
        z.strictObject({ impact: z.literal('stated'), what: text('In words.') }),
        z.strictObject({
          impact: z.literal('refused'),
          why: text('Why it cannot change in place.'),
          instead: text('What to do instead.'),
        }),
      ]),
    ),
  }),
);

export const planSchema = shared(
  'Plan',
  z.strictObject({
    apiVersion: z.literal('kboot.dev/v1'),
    kind: z.literal('Plan'),
    cluster: text('Name of the cluster.'),
    kubernetesVersion: text('Its Kubernetes version.'),
    endpoint: text('URL of the API.'),
    mode: described(
      'offline: made without contacting a host; such a plan is for reading only and cannot be applied.',
      z.enum(['live', 'offline']),
    ),
    hostsFrom: text('The file or command that lists the hosts; absent: the inventory does.').exactOptional(),
    hosts: described(
      'Hosts in the scope of the plan.',
      z.array(
        z.strictObject({
          name: host,
          roles: texts('Its roles in the inventory.'),
          state: described(
            'assumed: in an offline plan; unreachable: the host could not be read and is not changed.',
            z.enum(['probed', 'assumed', 'unreachable']),
          ),
          resources: described('Number of resources that were compared.', z.number()),
        }),
      ),
    ),
    upgrade: described(
      'The Kubernetes version changes.',
      z.strictObject({
        from: text('The oldest version in the cluster; on the way down, the newest.'),
        to: text('The version of the inventory.'),
        direction: described('down: to an older version.', z.enum(['up', 'down'])),
      }),
    ).exactOptional(),
    inventoryChanges: described(
      'Fields of the inventory that differ from the one that was last applied to the whole cluster.',
      z.array(fieldChange),
    ).exactOptional(),
    phases: described(
      'What will happen, in order. A task starts when the earlier tasks of its host have ended, the batch before its own has passed, and every condition in `after` of its phase holds.',
      z.array(phase),
    ),
    spread: described(
      'How release files get to hosts: to one of them, and from host to host. Absent: each host gets them from the machine that runs kboot, or downloads them.',
      spreadSchema,
    ).exactOptional(),
    checked: described('Number of resources and objects that were compared.', z.number()),
    warnings: texts('Warnings for the reader.'),
  }),
);

const basis = shared(
  'Basis',
  z.strictObject({
    kboot: text('Version of kboot that made the plan.'),
    catalog: hex('SHA-256 of the versions and sums that this kboot knows for the Kubernetes version.'),
    inventory: map('Fields of the inventory with defaults filled in, as JSON.'),
    templates: map('SHA-256 of every template.'),
    bundle: map('SHA-256 of every file of the bundle; empty without one.'),
    state: map('Cluster ID and certificates of the state folder.'),
    hosts: described(
      'Observed facts and resources of each host, with digests instead of contents; null: the host could not be read.',
      z.record(z.string(), z.record(z.string(), z.string()).nullable()),
    ),
    etcd: map('Members of etcd.'),
    api: map('Objects of the API: UID, and SHA-256 without status and bookkeeping.'),
  }),
);

/** A saved plan, strictly: the contract for readers of the file. */
export const savedPlanSchema = z
  .strictObject({
    apiVersion: described('Version of this format.', z.literal('kboot.dev/v1')),
    kind: described('Always SavedPlan.', z.literal('SavedPlan')),
    digest: hex('SHA-256 of the whole document without this member, as compact JSON.'),
    made: text('Time of creation, in UTC.'),
    scope: described(
      'The scope of the plan.',
      z.strictObject({
        until: described('Last stage.', z.enum(stages)),
        limit: texts('Hosts that may change; empty: all.'),
        ignore: texts('Preflight checks that were ignored.'),
        holdWorkers: described(
          'Workers keep their version on the way to another.',
          z.boolean(),
        ).exactOptional(),
        renewCerts: described('Certificates of these hosts are renewed.', z.boolean()).exactOptional(),
      }),
    ),
    basis: described('The inputs of the plan: it is applied only if none of them has changed.', basis),
    plan: described('What will happen.', planSchema),
  })
  .meta({
    title: 'kboot saved plan',
    description: 'Written by `kboot plan --out`, applied by `kboot up --plan`. It contains no secrets.',
  });

/** The JSON Schema (draft 2020-12) of a saved plan. */
export function savedPlanJsonSchema(): object {
  return z.toJSONSchema(savedPlanSchema, { target: 'draft-2020-12', io: 'input' });
}
