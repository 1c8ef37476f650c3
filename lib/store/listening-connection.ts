/** The part of a PostgreSQL connection that listening needs; the driver's own types stay out of what users see. */
export interface ListeningConnection {
  query(text: string): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown
  end(): Promise<void>
}
