import type { Cluster } from '../../model/cluster.ts';
import { stages } from '../../model/stage.ts';
import type { HostView } from './hosts.ts';
import { html, type Html } from './html.ts';
import type { RunRecord } from './record.ts';

/** Every host with its roles and how it stands: the drawing's facts, one by one. */
export function hostTable(hosts: readonly HostView[], cluster: Cluster | undefined): Html {
  const addresses = new Map((cluster?.hosts ?? []).map((host) => [host.name, host.address]));
  const rows = hosts.map(
    ({ name, roles, resources, state, says }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${addresses.get(name)}</td>
        <td>${roles.join(', ')}</td>
        <td class="number">${resources}</td>
        <td class="says ${state}">${says}</td>
      </tr>`,
  );
  return html`<details class="table">
    <summary>Hosts, one by one</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Address</th>
          <th scope="col">Roles</th>
          <th scope="col" class="number">Resources</th>
          <th scope="col">Steps</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
}

/** Seconds that each host spent in each stage. */
export function secondsTable({ hosts, cluster }: RunRecord): Html {
  const all = [...hosts, ['Kubernetes API', cluster] as const];
  const used = stages.filter((stage) => all.some(([, spans]) => spans.some((span) => span.stage === stage)));
  const rows = all.map(([name, spans]) => {
    const cells = used.map((stage) => {
      const span = spans.find((each) => each.stage === stage);
      return html`<td class="number${span !== undefined && span.ending !== 'done' ? ' says failed' : ''}">
        ${span === undefined ? '' : ((span.to - span.from) / 1000).toFixed(1)}
      </td>`;
    });
    const end = Math.max(0, ...spans.map(({ to }) => to)) / 1000;
    return html`<tr>
      <th scope="row">${name}</th>
      ${cells}
      <td class="number">${end.toFixed(1)}</td>
    </tr>`;
  });
  return html`<details class="table">
    <summary>Seconds per host and stage</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Host</th>
          ${used.map((stage) => html`<th scope="col" class="number">${stage}</th>`)}
          <th scope="col" class="number">ended at</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
}
