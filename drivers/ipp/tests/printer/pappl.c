/* A test printer: a PAPPL printer application whose mechanics are the engine of `engine.rs`. Started by `pappl.rs`.
 *
 * Usage: pappl PORT FOLDER ENGINE FORMATS. State and spool are in FOLDER. ENGINE gets the path of each document: a PNG
 * or PDF as it was received, or the pages that PAPPL made from a raster. Every PAPPL printer supports rasters; PDF is
 * supported if FORMATS is `pdf`. The engine's `STATE:` lines become printer-state-reasons, and its impressions those of
 * the job.
 */
#include <pappl/pappl.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORMAT "image/x-card"
#define SAVE_US 50000
#define MEDIA "iso_id-1_53.98x85.6mm"

static const char *engine, *folder;
static char state_file[1024];

static const struct { const char *word; pappl_preason_t reason; } reasons[] = {
  { "cover-open", PAPPL_PREASON_COVER_OPEN },
  { "marker-supply-empty", PAPPL_PREASON_MARKER_SUPPLY_EMPTY },
  { "media-empty", PAPPL_PREASON_MEDIA_EMPTY },
  { "media-jam", PAPPL_PREASON_MEDIA_JAM },
  { "media-needed", PAPPL_PREASON_MEDIA_NEEDED },
  { "other", PAPPL_PREASON_OTHER },
};

/* For a reason that PAPPL does not have, the engine reports `other` too. */
static void state(pappl_printer_t *printer, char *line)
{
  bool adds = *line == '+';
  pappl_preason_t changed = PAPPL_PREASON_NONE;
  char *rest = NULL;
  for (char *word = strtok_r(line + 1, ",\n", &rest); word; word = strtok_r(NULL, ",\n", &rest)) {
    char *suffix = strstr(word, "-error");
    if (suffix)
      *suffix = '\0';
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
      if (!strcmp(word, reasons[i].word))
        changed |= reasons[i].reason;
    }
  }
  papplPrinterSetReasons(printer, adds ? changed : PAPPL_PREASON_NONE, adds ? PAPPL_PREASON_NONE : changed);
}

static void listen_to(int from, pappl_job_t *job, bool counts)
{
  FILE *lines = fdopen(from, "r");
  char line[1024];
  while (lines && fgets(line, sizeof(line), lines)) {
    if (!strncmp(line, "STATE: ", 7))
      state(papplJobGetPrinter(job), line + 7);
    else if (counts && strstr(line, "job-impressions-completed=1"))
      papplJobSetImpressionsCompleted(job, 1);
    else if (!strncmp(line, "ERROR: ", 7))
      papplJobSetMessage(job, "%s", line + 7);
  }
  if (lines)
    fclose(lines);
}

/* The impressions of a raster are counted by PAPPL itself, before they are printed. */
static bool run_engine(pappl_job_t *job, const char *document, bool counts)
{
  int messages[2], status = 0;
  if (pipe(messages))
    return false;
  pid_t child = fork();
  if (child == 0) {
    setenv("IPP_JOB_NAME", papplJobGetName(job), 1);
    dup2(messages[1], STDERR_FILENO);
    /* The engine must not inherit the listening socket, which would keep the port in use. */
    for (int fd = 3; fd < 1024; fd++)
      close(fd);
    execl(engine, engine, document, (char *)NULL);
    _exit(127);
  }
  close(messages[1]);
  listen_to(messages[0], job, counts);
  if (child < 0)
    return false;
  while (waitpid(child, &status, 0) < 0)
    ;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Registered as a filter, because PAPPL converts a PNG without one to a raster. A document with a filter is spooled, and
 * can be held. */
static bool print(pappl_job_t *job, pappl_device_t *device, void *unused)
{
  (void)device;
  (void)unused;
  papplJobSetImpressions(job, 1);
  return run_engine(job, papplJobGetFilename(job), true);
}

/* Required by PAPPL, but never called: no document has the printer's own format. */
static bool no_file(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device)
{
  (void)job;
  (void)options;
  (void)device;
  return false;
}

/* A raster is not spooled: its lines come here while it is received, and the answer to Send-Document waits for the card.
 * The engine gets the lines as libcups decoded them: pages in PPM format, each with a comment that has the job's other
 * options. */
static bool start_raster(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device)
{
  char name[1200];
  (void)options;
  (void)device;
  snprintf(name, sizeof(name), "%s/raster-%d", folder, papplJobGetID(job));
  FILE *pages = fopen(name, "wb");
  papplJobSetData(job, pages);
  return pages != NULL;
}

static bool start_page(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device, unsigned page)
{
  const cups_page_header2_t *header = &options->header;
  (void)device;
  (void)page;
  /* The only raster type that this printer reports. */
  if (header->cupsColorSpace != CUPS_CSPACE_SRGB || header->cupsBitsPerPixel != 24)
    return false;
  fprintf(papplJobGetData(job), "P6\n# media=%s sides=%s dpi=%ux%u duplex=%u tumble=%u transform=%dx%d pages=%u name=%s\n%u %u\n255\n",
          options->media.size_name, options->sides == PAPPL_SIDES_TWO_SIDED_SHORT_EDGE ? "two-sided-short-edge" :
          options->sides == PAPPL_SIDES_TWO_SIDED_LONG_EDGE ? "two-sided-long-edge" : "one-sided",
          header->HWResolution[0], header->HWResolution[1], header->Duplex, header->Tumble,
          (int)header->cupsInteger[CUPS_RASTER_PWG_CrossFeedTransform], (int)header->cupsInteger[CUPS_RASTER_PWG_FeedTransform],
          header->cupsInteger[CUPS_RASTER_PWG_TotalPageCount], header->cupsPageSizeName, header->cupsWidth, header->cupsHeight);
  return true;
}

static bool write_line(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device, unsigned y,
                       const unsigned char *line)
{
  (void)device;
  (void)y;
  return fwrite(line, options->header.cupsBytesPerLine, 1, papplJobGetData(job)) == 1;
}

static bool end_page(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device, unsigned page)
{
  (void)job;
  (void)options;
  (void)device;
  (void)page;
  return true;
}

static bool end_raster(pappl_job_t *job, pappl_pr_options_t *options, pappl_device_t *device)
{
  char name[1200];
  (void)options;
  (void)device;
  snprintf(name, sizeof(name), "%s/raster-%d", folder, papplJobGetID(job));
  bool printed = !fclose(papplJobGetData(job)) && run_engine(job, name, false);
  papplJobSetData(job, NULL);
  unlink(name);
  return printed;
}

static bool status(pappl_printer_t *printer)
{
  (void)printer;
  return true;
}

static bool describe(pappl_system_t *system, const char *name, const char *uri, const char *device_id,
                     pappl_pr_driver_data_t *data, ipp_t **attributes, void *unused)
{
  (void)system;
  (void)name;
  (void)uri;
  (void)device_id;
  (void)attributes;
  (void)unused;
  strcpy(data->make_and_model, "Cetak test printer");
  data->format = FORMAT;
  data->printfile_cb = no_file;
  data->rstartjob_cb = start_raster;
  data->rstartpage_cb = start_page;
  data->rwriteline_cb = write_line;
  data->rendpage_cb = end_page;
  data->rendjob_cb = end_raster;
  data->status_cb = status;
  data->ppm = data->ppm_color = 2;
  data->raster_types = PAPPL_PWG_RASTER_TYPE_SRGB_8;
  data->color_supported = PAPPL_COLOR_MODE_AUTO | PAPPL_COLOR_MODE_COLOR;
  data->color_default = PAPPL_COLOR_MODE_COLOR;
  data->content_default = PAPPL_CONTENT_AUTO;
  data->quality_default = IPP_QUALITY_NORMAL;
  data->scaling_default = PAPPL_SCALING_AUTO;
  data->orient_default = IPP_ORIENT_NONE;
  data->duplex = PAPPL_DUPLEX_NORMAL;
  data->sides_supported = PAPPL_SIDES_ONE_SIDED | PAPPL_SIDES_TWO_SIDED_LONG_EDGE | PAPPL_SIDES_TWO_SIDED_SHORT_EDGE;
  data->sides_default = PAPPL_SIDES_ONE_SIDED;
  data->num_resolution = 1;
  data->x_resolution[0] = data->y_resolution[0] = data->x_default = data->y_default = 300;
  data->num_media = data->num_source = data->num_type = 1;
  data->media[0] = MEDIA;
  data->source[0] = "main";
  data->type[0] = "cardstock";
  strcpy(data->media_default.size_name, MEDIA);
  data->media_default.size_width = 5398;
  data->media_default.size_length = 8560;
  strcpy(data->media_default.source, "main");
  strcpy(data->media_default.type, "cardstock");
  data->media_ready[0] = data->media_default;
  return true;
}

/* PAPPL itself saves its state only when a client connects, and overwrites the file. This thread saves it often, so that
 * a kill loses little. */
static void *save_often(void *system)
{
  char new_file[sizeof(state_file) + 4];
  snprintf(new_file, sizeof(new_file), "%s.new", state_file);
  while (!usleep(SAVE_US)) {
    if (papplSystemSaveState(system, new_file))
      rename(new_file, state_file);
  }
  return NULL;
}

int main(int count, char *arguments[])
{
  static pappl_pr_driver_t drivers[] = { { "card", "Card printer", NULL, NULL } };
  char spool[1024];
  if (count != 5)
    return 2;
  folder = arguments[2];
  engine = arguments[3];
  snprintf(state_file, sizeof(state_file), "%s/state", arguments[2]);
  snprintf(spool, sizeof(spool), "%s/spool", arguments[2]);

  pappl_system_t *system = papplSystemCreate(PAPPL_SOPTIONS_NO_TLS | PAPPL_SOPTIONS_MULTI_QUEUE, "cetak", atoi(arguments[1]), "_print", spool, "-",
                                             PAPPL_LOGLEVEL_WARN, NULL, false);
  if (!system)
    return 1;
  papplSystemSetHostName(system, "localhost");
  papplSystemSetPrinterDrivers(system, 1, drivers, NULL, NULL, describe, NULL);
  papplSystemAddMIMEFilter(system, "image/png", FORMAT, print, NULL);
  if (!strcmp(arguments[4], "pdf"))
    papplSystemAddMIMEFilter(system, "application/pdf", FORMAT, print, NULL);
  if (!papplSystemLoadState(system, state_file) &&
      !papplPrinterCreate(system, 0, "card", "card", "MFG:Cetak;MDL:Test;CMD:PNG;", "file:///dev/null"))
    return 1;
  pthread_t saver;
  if (pthread_create(&saver, NULL, save_often, system))
    return 1;
  /* Last, so that the first answer already has the job history. */
  if (!papplSystemAddListeners(system, "localhost"))
    return 1;
  papplSystemRun(system);
  return 0;
}
