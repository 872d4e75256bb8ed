/** A story told in SQL that both servers must tell alike. */
export interface DialectGroup {
  readonly name: string;
  /** Statements that both must accept, before the others. */
  readonly setup: readonly string[];
  /** Statements whose answers are compared, in this order. */
  readonly statements: readonly string[];
  /** Statements that the embedded engine refuses with UNSUPPORTED, whatever the server says. */
  readonly refused?: readonly string[];
}
