/* Reads a raster file with libcups: each page's header to standard output, all dots to a second file. */
#include <cups/raster.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int file = open(argv[1], O_RDONLY);
    FILE *dots = fopen(argv[2], "wb");
    cups_raster_t *raster = file < 0 ? NULL : cupsRasterOpen(file, CUPS_RASTER_READ);
    if (raster == NULL || dots == NULL)
        return 3;

    cups_page_header2_t page;
    while (cupsRasterReadHeader2(raster, &page)) {
        printf("%s dpi=%ux%u points=%ux%u size=%ux%u bits=%u/%u row=%u order=%u space=%u colors=%u\n", page.MediaClass,
               page.HWResolution[0], page.HWResolution[1], page.PageSize[0], page.PageSize[1], page.cupsWidth,
               page.cupsHeight, page.cupsBitsPerColor, page.cupsBitsPerPixel, page.cupsBytesPerLine,
               page.cupsColorOrder, page.cupsColorSpace, page.cupsNumColors);
        printf("duplex=%u tumble=%u copies=%u name=%s integers=", page.Duplex, page.Tumble, page.NumCopies,
               page.cupsPageSizeName);
        for (int i = 0; i < 16; i++)
            printf("%d,", (int)page.cupsInteger[i]);
        printf("\n");

        unsigned char *row = malloc(page.cupsBytesPerLine);
        for (unsigned y = 0; y < page.cupsHeight; y++) {
            if (row == NULL || cupsRasterReadPixels(raster, row, page.cupsBytesPerLine) != page.cupsBytesPerLine)
                return 4;
            fwrite(row, 1, page.cupsBytesPerLine, dots);
        }
        free(row);
    }

    cupsRasterClose(raster);
    return fclose(dots) == 0 ? 0 : 5;
}
