//! The objects of NTCIP, which command traffic signals, message signs, cameras and sensors in the street.
//!
//! Below 1.3.6.1.4.1.1206.4.2 (NTCIP 8004 annex A): 1201 global objects, 1202 signal controllers, 1203 message signs,
//! 1204 environmental sensors, 1205 cameras, 1209 traffic sensors by name; the others by their group.

use super::objects::Branch;
use city::Verb;

/// Below 1.3.6.1.4.1.1206.4.2, in order.
#[rustfmt::skip]
pub(super) const BRANCHES: &[Branch] = &[
    // The groups themselves.
    Branch::new(&[], Verb::Configure, &["asc", "rmc", "dms", "tss", "ess", "global", "cctv", "cctvSwitch", "dcm", "ssm", "scp", "", "elms", "", "", "", "", "rsu"]),
    // 1202 signal controllers.
    Branch::new(&[1, 1], Verb::Configure, &["maxPhases", "", "maxPhaseGroups"]),
    Branch::new(&[1, 1, 2, 1], Verb::Configure, &["phaseNumber", "phaseWalk", "phasePedestrianClear", "phaseMinimumGreen", "phasePassage", "phaseMaximum1", "phaseMaximum2", "phaseYellowChange", "phaseRedClear", "phaseRedRevert", "phaseAddedInitial", "phaseMaximumInitial", "phaseTimeBeforeReduction", "phaseCarsBeforeReduction", "phaseTimeToReduce", "phaseReduceBy", "phaseMinimumGap", "phaseDynamicMaxLimit", "phaseDynamicMaxStep", "phaseStartup", "phaseOptions", "phaseRing", "phaseConcurrency"]),
    Branch::new(&[1, 1, 4, 1], Verb::Configure, &["phaseStatusGroupNumber", "phaseStatusGroupReds", "phaseStatusGroupYellows", "phaseStatusGroupGreens", "phaseStatusGroupDontWalks", "phaseStatusGroupPedClears", "phaseStatusGroupWalks", "phaseStatusGroupVehCalls", "phaseStatusGroupPedCalls", "phaseStatusGroupPhaseOns", "phaseStatusGroupPhaseNexts"]),
    Branch::new(&[1, 1, 5, 1], Verb::Operate, &["phaseControlGroupNumber", "phaseControlGroupPhaseOmit", "phaseControlGroupPedOmit", "phaseControlGroupHold", "phaseControlGroupForceOff", "phaseControlGroupVehCall", "phaseControlGroupPedCall"]),
    Branch::new(&[1, 2], Verb::Configure, &["maxVehicleDetectors", "", "maxVehicleDetectorStatusGroups", "", "", "maxPedestrianDetectors"]),
    Branch::new(&[1, 2, 2, 1], Verb::Configure, &["vehicleDetectorNumber", "vehicleDetectorOptions", "", "vehicleDetectorCallPhase", "vehicleDetectorSwitchPhase", "vehicleDetectorDelay", "vehicleDetectorExtend", "vehicleDetectorQueueLimit", "vehicleDetectorNoActivity", "vehicleDetectorMaxPresence", "vehicleDetectorErraticCounts", "vehicleDetectorFailTime", "vehicleDetectorAlarms", "vehicleDetectorReportedAlarms", "vehicleDetectorReset"]),
    Branch::new(&[1, 2, 4, 1], Verb::Configure, &["vehicleDetectorStatusGroupNumber", "vehicleDetectorStatusGroupActive", "vehicleDetectorStatusGroupAlarms"]),
    Branch::new(&[1, 2, 5], Verb::Configure, &["volumeOccupancySequence", "volumeOccupancyPeriod", "activeVolumeOccupancyDetectors"]),
    Branch::new(&[1, 2, 5, 4, 1], Verb::Configure, &["detectorVolume", "detectorOccupancy"]),
    Branch::new(&[1, 2, 7, 1], Verb::Configure, &["pedestrianDetectorNumber", "pedestrianDetectorCallPhase", "pedestrianDetectorNoActivity", "pedestrianDetectorMaxPresence", "pedestrianDetectorErraticCounts", "pedestrianDetectorAlarms"]),
    Branch::new(&[1, 3], Verb::Configure, &["unitStartUpFlash", "unitAutoPedestrianClear", "unitBackupTime", "unitRedRevert", "unitControlStatus", "unitFlashStatus", "unitAlarmStatus2", "unitAlarmStatus1", "shortAlarmStatus", "unitControl", "maxAlarmGroups", "", "maxSpecialFunctionOutputs"]),
    Branch::new(&[1, 3, 12, 1], Verb::Configure, &["alarmGroupNumber", "alarmGroupState"]),
    Branch::new(&[1, 3, 14, 1], Verb::Operate, &["specialFunctionOutputNumber", "specialFunctionOutputState", "specialFunctionOutputControl", "specialFunctionOutputStatus"]),
    Branch::new(&[1, 4], Verb::Configure, &["coordOperationalMode", "coordCorrectionMode", "coordMaximumMode", "coordForceMode", "maxPatterns", "patternTableType", "", "maxSplits", "", "coordPatternStatus", "localFreeStatus", "coordCycleStatus", "coordSyncStatus", "systemPatternControl", "systemSyncControl"]),
    Branch::new(&[1, 4, 7, 1], Verb::Configure, &["patternNumber", "patternCycleTime", "patternOffsetTime", "patternSplitNumber", "patternSequenceNumber"]),
    Branch::new(&[1, 4, 9, 1], Verb::Configure, &["splitNumber", "splitPhase", "splitTime", "splitMode", "splitCoordPhase"]),
    Branch::new(&[1, 5], Verb::Configure, &["timebaseAscPatternSync", "maxTimebaseAscActions", "", "timebaseAscActionStatus"]),
    Branch::new(&[1, 5, 3, 1], Verb::Configure, &["timebaseAscActionNumber", "timebaseAscPattern", "timebaseAscAuxillaryFunction", "timebaseAscSpecialFunction"]),
    Branch::new(&[1, 6], Verb::Configure, &["maxPreempts"]),
    Branch::new(&[1, 6, 2, 1], Verb::Configure, &["preemptNumber", "preemptControl", "preemptLink", "preemptDelay", "preemptMinimumDuration", "preemptMinimumGreen", "preemptMinimumWalk", "preemptEnterPedClear", "preemptTrackGreen", "preemptDwellGreen", "preemptMaximumPresence", "preemptTrackPhase", "preemptDwellPhase", "preemptDwellPed", "preemptExitPhase", "preemptState", "preemptTrackOverlap", "preemptDwellOverlap", "preemptCyclingPhase", "preemptCyclingPed", "preemptCyclingOverlap", "preemptEnterYellowChange", "preemptEnterRedClear", "preemptTrackYellowChange", "preemptTrackRedClear"]),
    Branch::new(&[1, 6, 3, 1], Verb::Operate, &["preemptControlNumber", "preemptControlState"]),
    Branch::new(&[1, 7], Verb::Configure, &["maxRings", "maxSequences", "", "maxRingControlGroups"]),
    Branch::new(&[1, 7, 3, 1], Verb::Configure, &["sequenceNumber", "sequenceRingNumber", "sequenceData"]),
    Branch::new(&[1, 7, 5, 1], Verb::Operate, &["ringControlGroupNumber", "ringControlGroupStopTime", "ringControlGroupForceOff", "ringControlGroupMax2", "ringControlGroupMaxInhibit", "ringControlGroupPedRecycle", "ringControlGroupRedRest", "ringControlGroupOmitRedClear"]),
    Branch::new(&[1, 7, 6, 1], Verb::Configure, &["ringStatus"]),
    Branch::new(&[1, 8], Verb::Configure, &["maxChannels", "", "maxChannelStatusGroups"]),
    Branch::new(&[1, 8, 2, 1], Verb::Configure, &["channelNumber", "channelControlSource", "channelControlType", "channelFlash", "channelDim"]),
    Branch::new(&[1, 8, 4, 1], Verb::Configure, &["channelStatusGroupNumber", "channelStatusGroupReds", "channelStatusGroupYellows", "channelStatusGroupGreens"]),
    Branch::new(&[1, 9], Verb::Configure, &["maxOverlaps", "", "maxOverlapStatusGroups"]),
    Branch::new(&[1, 9, 2, 1], Verb::Configure, &["overlapNumber", "overlapType", "overlapIncludedPhases", "overlapModifierPhases", "overlapTrailGreen", "overlapTrailYellow", "overlapTrailRed"]),
    Branch::new(&[1, 9, 4, 1], Verb::Configure, &["overlapStatusGroupNumber", "overlapStatusGroupReds", "overlapStatusGroupYellows", "overlapStatusGroupGreens"]),
    Branch::new(&[1, 10], Verb::Configure, &["maxPort1Addresses"]),
    Branch::new(&[1, 10, 2, 1], Verb::Configure, &["port1Number", "port1DevicePresent", "port1Frame40Enable", "port1Status", "port1FaultFrame"]),
    Branch::new(&[1, 11], Verb::Configure, &["ascBlockGetControl", "ascBlockData", "ascBlockErrorStatus"]),
    // 1203 message signs.
    Branch::new(&[3, 1], Verb::Configure, &["dmsSignAccess", "dmsSignType", "dmsSignHeight", "dmsSignWidth", "dmsHorizontalBorder", "dmsVerticalBorder", "dmsLegend", "dmsBeaconType", "dmsSignTechnology"]),
    Branch::new(&[3, 2], Verb::Configure, &["vmsCharacterHeightPixels", "vmsCharacterWidthPixels", "vmsSignHeightPixels", "vmsSignWidthPixels", "vmsHorizontalPitch", "vmsVerticalPitch", "monochromeColor"]),
    Branch::new(&[3, 3], Verb::Configure, &["numFonts", "", "maxFontCharacters", "", "fontMaxCharacterSize"]),
    Branch::new(&[3, 3, 2, 1], Verb::Configure, &["fontIndex", "fontNumber", "fontName", "fontHeight", "fontCharSpacing", "fontLineSpacing", "fontVersionID", "fontStatus"]),
    Branch::new(&[3, 3, 4, 1], Verb::Configure, &["characterNumber", "characterWidth", "characterBitmap"]),
    Branch::new(&[3, 4], Verb::Configure, &["defaultBackgroundColor", "defaultForegroundColor", "defaultFlashOn", "defaultFlashOff", "defaultFont", "defaultJustificationLine", "defaultJustificationPage", "defaultPageOnTime", "defaultPageOffTime", "defaultCharacterSet", "dmsColorScheme", "defaultBackgroundRGB", "defaultForegroundRGB", "dmsSupportedMultiTags", "dmsMaxNumberPages", "dmsMaxMultiStringLength"]),
    Branch::new(&[3, 5], Verb::Configure, &["dmsNumPermanentMsg", "dmsNumChangeableMsg", "dmsMaxChangeableMsg", "dmsFreeChangeableMemory", "dmsNumVolatileMsg", "dmsMaxVolatileMsg", "dmsFreeVolatileMemory", "", "dmsValidateMessageError"]),
    Branch::new(&[3, 5, 8, 1], Verb::Configure, &["dmsMessageMemoryType", "dmsMessageNumber", "dmsMessageMultiString", "dmsMessageOwner", "dmsMessageCRC", "dmsMessageBeacon", "dmsMessagePixelService", "dmsMessageRunTimePriority", "dmsMessageStatus"]),
    Branch::new(&[3, 6], Verb::Configure, &["dmsControlMode", "dmsSWReset", "dmsActivateMessage", "dmsMessageTimeRemaining", "dmsMsgTableSource", "dmsMsgRequesterID", "dmsMsgSourceMode", "dmsShortPowerRecoveryMessage", "dmsLongPowerRecoveryMessage", "dmsShortPowerLossTime", "dmsResetMessage", "dmsCommunicationsLossMessage", "dmsTimeCommLoss", "dmsPowerLossMessage", "dmsEndDurationMessage", "dmsMemoryMgmt", "dmsActivateMsgError", "dmsMultiSyntaxError", "dmsMultiSyntaxErrorPosition", "dmsMultiOtherErrorDescription", "vmsPixelServiceDuration", "vmsPixelServiceFrequency", "vmsPixelServiceTime", "dmsActivateErrorMsgCode", "dmsActivateMessageState"]),
    Branch::new(&[3, 7], Verb::Operate, &["dmsIllumControl", "dmsIllumMaxPhotocellLevel", "dmsIllumPhotocellLevelStatus", "dmsIllumNumBrightLevels", "dmsIllumBrightLevelStatus", "dmsIllumManLevel", "dmsIllumBrightnessValues", "dmsIllumBrightnessValuesError", "dmsIllumLightOutputStatus"]),
    Branch::new(&[3, 8, 2, 1], Verb::Configure, &["dmsActionIndex", "dmsActionMsgCode"]),
    Branch::new(&[3, 9], Verb::Configure, &["", "", "", "", "", "dmsStatDoorOpen"]),
    Branch::new(&[3, 9, 7], Verb::Operate, &["shortErrorStatus", "pixelFailureTableNumRows", "", "pixelTestActivation", "lampFailureStuckOn", "lampFailureStuckOff", "lampTestActivation", "fanFailures", "fanTestActivation", "controllerErrorStatus", "dmsPowerFailureStatusMap", "dmsPowerNumRows"]),
    Branch::new(&[3, 9, 7, 3, 1], Verb::Configure, &["pixelFailureDetectionType", "pixelFailureIndex", "pixelFailureXLocation", "pixelFailureYLocation", "pixelFailureStatus"]),
    Branch::new(&[3, 9, 9], Verb::Configure, &["tempMinCtrlCabinet", "tempMaxCtrlCabinet", "tempMinAmbient", "tempMaxAmbient", "tempMinSignHousing", "tempMaxSignHousing"]),
    Branch::new(&[3, 10], Verb::Configure, &["dmsGraphicMaxEntries", "dmsGraphicNumEntries", "dmsGraphicMaxSize", "availableGraphicMemory", "dmsGraphicBlockSize"]),
    Branch::new(&[3, 10, 6, 1], Verb::Configure, &["dmsGraphicIndex", "dmsGraphicNumber", "dmsGraphicName", "dmsGraphicHeight", "dmsGraphicWidth", "dmsGraphicType", "dmsGraphicID", "dmsGraphicTransparentEnabled", "dmsGraphicTransparentColor", "dmsGraphicStatus"]),
    Branch::new(&[3, 10, 7, 1], Verb::Configure, &["dmsGraphicBitmapIndex", "dmsGraphicBlockNumber", "dmsGraphicBlockBitmap"]),
    // 1209 traffic sensors.
    Branch::new(&[4], Verb::Configure, &["tssSystemSetup", "tssControl", "tssDataCollection"]),
    Branch::new(&[4, 1], Verb::Configure, &["sensorSystemReset"]),
    // 1204 environmental sensors.
    Branch::new(&[5, 1, 7], Verb::Configure, &["", "", "", "essAtmosphericPressure"]),
    Branch::new(&[5, 1, 11], Verb::Configure, &["essAvgWindDirection", "essAvgWindSpeed"]),
    Branch::new(&[5, 1, 13], Verb::Configure, &["", "", "essRelativeHumidity"]),
    Branch::new(&[5, 2, 1], Verb::Configure, &["essNtcipCategory", "essNtcipSiteDescription"]),
    Branch::new(&[5, 2, 2], Verb::Configure, &["essLatitude", "essLongitude", "essVehicleSpeed", "essVehicleBearing", "essOdometer"]),
    Branch::new(&[5, 2, 3], Verb::Configure, &["essReferenceHeight", "essPressureHeight", "essWindSensorHeight"]),
    Branch::new(&[5, 2, 4], Verb::Configure, &["", "essSpotWindSpeed", "essWindSituation", "windSensorAvgDirection", "windSensorSpotDirection", "windSensorGustDirection"]),
    Branch::new(&[5, 2, 5], Verb::Configure, &["essNumTemperatureSensors", "", "essWetbulbTemp", "essDewpointTemp", "essMaxTemp", "essMinTemp"]),
    Branch::new(&[5, 2, 5, 2, 1], Verb::Configure, &["essTemperatureSensorIndex", "essTemperatureSensorHeight", "essAirTemperature"]),
    Branch::new(&[5, 2, 8], Verb::Configure, &["essVisibility", "", "essVisibilitySituation"]),
    Branch::new(&[5, 2, 15], Verb::Configure, &["essDoorStatus", "essBatteryStatus", "essLineVolts"]),
    // 1201 global objects.
    Branch::new(&[6, 1], Verb::Configure, &["globalSetIDParameter", "globalMaxModules", "", "controllerBaseStandards"]),
    Branch::new(&[6, 1, 3, 1], Verb::Configure, &["moduleNumber", "moduleDeviceNode", "moduleMake", "moduleModel", "moduleVersion", "moduleType"]),
    Branch::new(&[6, 2], Verb::Configure, &["dbCreateTransaction"]),
    Branch::new(&[6, 3], Verb::Configure, &["globalTime", "globalDaylightSaving", "", "globalLocalTimeDifferential", "controllerStandardTimeZone", "controllerLocalTime"]),
    Branch::new(&[6, 3, 3], Verb::Configure, &["maxTimeBaseScheduleEntries", "", "maxDayPlans", "maxDayPlanEvents", "", "dayPlanStatus"]),
    Branch::new(&[6, 3, 3, 2, 1], Verb::Configure, &["timeBaseScheduleNumber", "timeBaseScheduleMonth", "timeBaseScheduleDay", "timeBaseScheduleDate", "timeBaseScheduleDayPlan"]),
    Branch::new(&[6, 3, 3, 5, 1], Verb::Configure, &["dayPlanNumber", "dayPlanEventNumber", "dayPlanHour", "dayPlanMinute", "dayPlanActionNumberOID"]),
    Branch::new(&[6, 4, 2, 1], Verb::Configure, &["eventConfigID", "eventConfigClass", "eventConfigMode", "eventConfigCompareValue", "eventConfigCompareValue2", "eventConfigCompareOID", "eventConfigLogOID", "eventConfigAction"]),
    Branch::new(&[6, 4, 6, 1], Verb::Configure, &["eventClassNumber", "eventClassLimit", "eventClassClearTime", "eventClassDescription"]),
    Branch::new(&[6, 5], Verb::Configure, &["communityNameAdmin", "communityNamesMax"]),
    Branch::new(&[6, 5, 3, 1], Verb::Configure, &["communityNameIndex", "communityNameUser", "communityNameAccessMask"]),
    Branch::new(&[6, 7, 3, 1], Verb::Operate, &["auxIOPortType", "auxIOPortNumber", "auxIOPortDescription", "auxIOPortResolution", "auxIOPortValue"]),
    // 1205 cameras.
    Branch::new(&[7, 1], Verb::Configure, &["rangeMaximumPreset", "rangePanLeftLimit", "rangePanRightLimit", "rangePanHomePosition", "rangeTrueNorthOffset", "rangeTiltUpLimit", "rangeTiltDownLimit", "rangeZoomLimit", "rangeFocusLimit", "rangeIrisLimit"]),
    Branch::new(&[7, 2], Verb::Configure, &["timeoutPan", "timeoutTilt", "timeoutZoom", "timeoutFocus", "timeoutIris"]),
    Branch::new(&[7, 3], Verb::Operate, &["presetGotoPosition", "presetStorePosition"]),
    Branch::new(&[7, 4], Verb::Operate, &["positionPan", "positionTilt", "positionZoomLens", "positionFocusLens", "positionIrisLens", "positionQueryPan", "positionQueryTilt", "positionQueryZoom", "positionQueryFocus", "positionQueryIris"]),
    Branch::new(&[7, 5], Verb::Operate, &["systemCameraFeatureControl", "systemCameraFeatureStatus", "systemCameraEquipped", "systemLensFeatureControl", "systemLensFeatureStatus", "systemLensEquipped"]),
];

/// The objects whose setting does something else than that of their neighbours.
pub(super) fn on_set(name: &str) -> Option<Verb> {
    Some(match name {
        "systemPatternControl" | "systemSyncControl" | "unitControl" | "dmsActivateMessage" => Verb::Operate,
        // What the sign shows at a failure is set beforehand; what it may be asked to show, too.
        "dmsMessageMultiString" | "dmsMessageBeacon" => Verb::Configure,
        "dmsSWReset" | "vehicleDetectorReset" | "sensorSystemReset" => Verb::Restart,
        "presetStorePosition" | "auxIOPortDescription" | "auxIOPortResolution" => Verb::Configure,
        // A ramp meter, a switch of pictures, a request for priority or a lamp, by its group alone.
        "rmc" | "cctvSwitch" | "dcm" | "ssm" | "scp" | "elms" => Verb::Operate,
        _ => return None,
    })
}

/// The lowest number of a group of eight whose members are the bits of the object: of phases, channels, detectors.
pub(super) fn first_of_group(name: &str, index: u64) -> Option<u64> {
    let groups = [
        "phaseStatusGroup",
        "phaseControlGroup",
        "overlapStatusGroup",
        "channelStatusGroup",
        "vehicleDetectorStatusGroup",
        "ringControlGroup",
    ];
    let is_group = groups.iter().any(|group| name.starts_with(group)) && !name.ends_with("Number");
    (is_group && (1..=255).contains(&index)).then(|| (index - 1) * 8 + 1)
}
