import type { KubeObject } from './types.ts';

const annotation = 'kboot.dev/removed-nodes';
const apiVersion = 'admissionregistration.k8s.io/v1';
const name = 'kboot-removed-nodes';

/** The policy and its binding, by what identifies them. They exist as long as a name is in them. */
export const removedNodesRefs: readonly KubeObject[] = [
  { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
  { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
];

/**
 * Admission that keeps the kubelets of hosts that left the inventory out, whose client certificates stay valid for up to
 * a year: they register no Node, and the signing requests with which they would renew their certificates
 * (auto-approved for system:nodes) are refused. The names are recorded in both objects. Other users may create such a
 * Node, and the Node of a name that comes back into the inventory is admitted once the name has left the list.
 */
export function removedNodesObjects(names: readonly string[]): readonly KubeObject[] {
  const [policy, binding] = removedNodesRefs;
  if (policy === undefined || binding === undefined || names.length === 0) return [];
  const metadata = { name, annotations: { [annotation]: names.join(' ') } };
  const users = names.map((each) => `"${prefix}${each}"`).join(', ');
  const explanation =
    'was removed from the kboot inventory; add it back and run kboot up, then it can join again';
  return [
    {
      ...policy,
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nodes'] },
            {
              apiGroups: ['certificates.k8s.io'],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['certificatesigningrequests'],
            },
          ],
        },
        validations: [
          {
            expression: `!(request.userInfo.username in [${users}])`,
            message: `the node ${explanation}`,
            messageExpression: `"node " + request.userInfo.username.substring(${prefix.length}) + " ${explanation}"`,
            reason: 'Forbidden',
          },
        ],
      },
    },
    { ...binding, metadata, spec: { policyName: name, validationActions: ['Deny'] } },
  ];
}

/** The names in the policy and in its binding. */
export function removedNames(objects: readonly (KubeObject | undefined)[]): readonly string[] {
  const names = objects.flatMap((object) => (object?.metadata.annotations?.[annotation] ?? '').split(' '));
  return [...new Set(names)].filter((each) => /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(each)).sort();
}

/** User name of a kubelet, before the name of its Node (pkg/apis/core, NodeUserNamePrefix). */
const prefix = 'system:node:';
