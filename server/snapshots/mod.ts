/** The server's state on disk: written after each change, so that a restart gives it back. */
export { LeftOutModels } from "./left_out_models.ts";
export { type ServerState, toServerState } from "./server_state.ts";
export { type AlarmState, nextAlarmState } from "./snapshot_alarm.ts";
export { SnapshotWriter, type SnapshotWriterOptions } from "./snapshot_writer.ts";
