/** Whether ORDER BY leaves no two rows in an order of their own choosing. */
import type { QueryBlock } from "./query.ts";
import { columnOf, hasName, isSameName, rowKeys } from "./schema.ts";
import { type Join, resolve, type Resolved } from "./sources.ts";
import { columnRef, isGroup, listItems, nameAt, type Node, upperAt } from "./tree.ts";

/** Whether the items cover, for every source, a unique key of columns that are never NULL. */
export function isTotalOrder(items: readonly (readonly Node[])[] | null, join: Join): boolean {
  if (items === null || join.sources.length === 0) return false;
  const columns = items.map((item) => orderedColumn(item, join));
  return coversAll(columns, join);
}

/** The same behind a SELECT, where positions and aliases stand for what is selected. */
export function isTotallyOrdered(block: QueryBlock, join: Join): boolean {
  if (block.orderBy === null || block.isDistinct || block.groupBy !== null) {
    return coversGroups(block, join);
  }
  const selected = listItems(block.select);
  const columns = block.orderBy.map((item) => {
    const meant = selectedAs(withoutDirection(item), selected);
    return meant === null ? null : orderedColumn(meant, join);
  });
  return coversAll(columns, join);
}

/** A group is one row, so that an order by all columns that are grouped by leaves nothing open. */
function coversGroups({ orderBy, groupBy, isDistinct, select }: QueryBlock, join: Join): boolean {
  const wanted = isDistinct ? listItems(select) : groupBy;
  if (orderBy === null || wanted === null || (isDistinct && groupBy !== null)) return false;
  const ordered = orderBy.map((item) => orderedColumn(item, join));
  return wanted.every((item) => {
    const column = orderedColumn(item, join);
    return column !== null && ordered.some((other) => other !== null && isSame(column, other));
  });
}

function isSame(a: Resolved, b: Resolved): boolean {
  return a.source === b.source && a.column === b.column;
}

function coversAll(columns: readonly (Resolved | null)[], join: Join): boolean {
  return join.sources.every((source) => {
    if (source.table === null) return false;
    const names = columns.flatMap((each) => each?.source === source ? [each.column.name] : []);
    return rowKeys(source.table).some((key) => key.columns.every((name) => hasName(names, name)));
  });
}

function orderedColumn(item: readonly Node[], join: Join): Resolved | null {
  const ref = columnRef(withoutDirection(item));
  return ref === null ? null : resolve(join.sources, ref);
}

export function withoutDirection(item: readonly Node[]): readonly Node[] {
  const last = upperAt(item, item.length - 1);
  return last === "ASC" || last === "DESC" ? item.slice(0, -1) : item;
}

/** What an item of ORDER BY stands for; null where a name could mean two things. */
function selectedAs(
  item: readonly Node[],
  selected: readonly (readonly Node[])[],
): readonly Node[] | null {
  const [only] = item;
  if (item.length !== 1 || only === undefined || isGroup(only)) return item;
  if (only.kind === "number") return expressionOf(selected[Number(only.text) - 1] ?? []);
  const aliased = selected.filter((each) => {
    const alias = aliasOf(each);
    return alias !== null && isSameName(alias, only.value);
  });
  if (aliased.length === 0) return item;
  return aliased.length === 1 ? expressionOf(aliased[0] ?? []) : null;
}

/** The name that an item of a SELECT list is given, or null. */
export function aliasOf(item: readonly Node[]): string | null {
  const last = nameAt(item, item.length - 1);
  if (last === null || item.length < 2 || upperAt(item, item.length - 2) === ".") return null;
  const before = item[item.length - 2];
  if (before === undefined) return null;
  const isBehindOperator = !isGroup(before) && before.kind === "operator";
  return isBehindOperator ? null : last;
}

/** An item of a SELECT list without its alias. */
export function expressionOf(item: readonly Node[]): readonly Node[] {
  if (aliasOf(item) === null) return item;
  return item.slice(0, upperAt(item, item.length - 2) === "AS" ? -2 : -1);
}

/** Whether columns, resolved in a join, hold integers that a table itself numbered its rows with. */
export function isNumberedColumn(item: readonly Node[], join: Join): boolean {
  const ref = columnRef(expressionOf(item));
  const found = ref === null ? null : resolve(join.sources, ref);
  return found !== null && columnOf(found.table, found.column.name)?.autoIncrement === true;
}
