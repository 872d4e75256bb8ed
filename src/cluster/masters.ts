/** The masters that the coordination service knows of: who leads, and who stands by. */
import type { Session } from "../ports/coordinator.ts";
import {
  type ActiveMaster,
  activeMasterShape,
  type CandidateMaster,
  candidateMasterShape,
} from "../protocol/model.ts";
import { inQueueOrder } from "./election.ts";
import { readNode, unlessMissing } from "./nodes.ts";
import type { Paths } from "./paths.ts";

/** The one that leads; null while none does, or its node cannot be understood. */
export async function activeMaster(session: Session, paths: Paths): Promise<ActiveMaster | null> {
  const node = await session.get(paths.active).catch(unlessMissing);
  if (node === null) return null;
  const said = readNode(activeMasterShape, node.data, paths.active);
  return said.ok ? said.value : null;
}

/** All that live, in the order in which they would lead. Nodes that say nothing are passed over. */
export async function mastersInQueue(
  session: Session,
  paths: Paths,
): Promise<readonly CandidateMaster[]> {
  const names = inQueueOrder(await session.children(paths.candidates));
  const read = names.map(async (name) => {
    const path = `${paths.candidates}/${name}`;
    const node = await session.get(path).catch(unlessMissing);
    const said = node === null ? null : readNode(candidateMasterShape, node.data, path);
    return said?.ok === true ? [said.value] : [];
  });
  return (await Promise.all(read)).flat();
}
