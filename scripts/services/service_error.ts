/** What goes wrong with a private server in a way that its user can do something about. */
export class ServiceError extends Error {
  override readonly name: string = "ServiceError";
}

/** A server could not listen because another process took its port first. */
export class PortTakenError extends ServiceError {
  override readonly name = "PortTakenError";
}
