/** What a simulated run must never show. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly kind: "safety" | "liveness";

  constructor(kind: "safety" | "liveness", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Raises a violation where a check has found something. */
export function refuse(kind: "safety" | "liveness", fault: string | null): void {
  if (fault !== null) throw new Violation(kind, fault);
}
